"""The results file: JSON Lines that only ever grow, so that a run can be gone on with."""
import json
import time
from pathlib import Path

from plan import FLOOR, METRICS, Plan, Step

SCHEMA = 1
# What is measured last in a step.
LAST = (METRICS[-1], FLOOR)


class Results:
    """Appends; one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, record: dict) -> None:
        """One line, in one piece."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(record))

    def records(self) -> list[dict]:
        """All that were written whole."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue  # the end of an interrupted run
        return found

    def mend(self) -> None:
        """Takes away what an interrupted run has left: half a line, steps that are not over."""
        done = self.done()
        whole = [record for record in self.records()
                 if record["type"] == "start" or _key(record) in done]
        self.path.write_text("".join(_line(record) for record in whole), encoding="utf-8")

    def done(self) -> set[tuple]:
        """Keys of steps that are over: the last of what each measures is there, or failed."""
        return {_key(record) for record in self.records()
                if record["type"] in ("result", "failure") and record["metric"] in LAST}

    def start(self, command: str, options: dict, machine: dict, versions: dict,
              plans: list[Plan]) -> None:
        """A session begins."""
        self.write({
            "type": "start", "schema": SCHEMA, "time": now(), "machine": machine,
            "versions": versions, "options": options,
            "steps": sum(len(step.wanted()) for plan in plans for step in plan.steps),
            "contenders": [contender.record() for plan in plans for contender in plan.contenders],
            "command": command})

    def measured(self, step: Step, lines: list[dict], load: float, disturbed: bool,
                 seconds: float) -> None:
        """What one step has found."""
        for line in lines:
            self.write({"type": "result", **_of(step), "disturbed": disturbed,
                        "load": round(load, 2), "seconds": round(seconds, 1), **line})

    def failed(self, step: Step, wanted: dict, message: str) -> None:
        """What it has not found, and why."""
        self.write({"type": "failure", **_of(step), **wanted, "message": message})

    def end(self) -> None:
        """All steps are over."""
        self.write({"type": "end", "time": now()})


def _line(record: dict) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"


def _key(record: dict) -> tuple:
    return tuple(record.get(name) for name in ("contender", "where", "services", "shape", "run"))


def _of(step: Step) -> dict:
    return {"contender": step.contender.name, "where": step.contender.where,
            "services": step.services, "shape": step.shape, "run": step.run}


def now() -> str:
    """In UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
