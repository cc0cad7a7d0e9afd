"""Short results files, and reports of them."""
from __future__ import annotations

import os
import re
import sys
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))
REPORT = os.path.join(os.path.dirname(os.path.dirname(FOLDER)), "bench", "report")
sys.path[:0] = [REPORT, FOLDER]  # the report's modules are no package

import example
import terminal
from document import Document, build
from results import Results, parse


def start(**changes: Any) -> dict[str, Any]:
    """A first line."""
    return {**example.START, "steps": 4, **changes}


def result(contender: str, run: int, **changes: Any) -> dict[str, Any]:
    """A run of metric burst."""
    return {"type": "result", "metric": "burst", "contender": contender, "where": "host",
            "services": 1000, "run": run, "disturbed": False, "values": {"ms": 10.0}, **changes}


def runs(contender: str, *numbers: float, **changes: Any) -> list[dict[str, Any]]:
    """A run for each number."""
    return [result(contender, run, values={"ms": number}, **changes)
            for run, number in enumerate(numbers)]


def read(*lines: dict[str, Any]) -> Results:
    """Lines as a file that came to its end."""
    return parse(example.dump([start(), *lines, {"type": "end", "time": "later"}]), "results")


def report(*lines: dict[str, Any]) -> Document:
    return build(read(*lines))


def text_of(document: Document, width: int = 80) -> str:
    """In words that wrapping did not tear apart."""
    return re.sub(r"\s+", " ", terminal.render(document, width, False))
