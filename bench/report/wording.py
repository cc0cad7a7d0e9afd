"""Numbers and names as a reader sees them, the same in every form of the report."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

PLACE_TITLES = {"host": "on the host", "vm": "in the virtual machine"}
SCALES = {"ms": (1000, "s"), "µs": (1000, "ms")}


def decimals_for(number: float) -> int:
    """Decimals that say as much of a number as runs can tell apart."""
    if number <= 0:
        return 0
    magnitude = math.floor(math.log10(number))
    return min(3, 1 - magnitude) if magnitude < 0 else max(0, 2 - magnitude)


def plain(number: float, decimals: int | None = None) -> str:
    """With a comma at thousands."""
    return f"{number:,.{decimals_for(number) if decimals is None else decimals}f}"


def column_decimals(numbers: Iterable[float]) -> int:
    """One number of decimals for numbers below each other."""
    above = [number for number in numbers if number > 0]
    return decimals_for(min(above)) if above else 0


def quantity(number: float, unit: str) -> str:
    """In a sentence: with its unit, and the larger one where that reads better."""
    factor, larger = SCALES.get(unit, (0, ""))
    if factor and number >= factor:
        number, unit = number / factor, larger
    if unit.startswith("×"):
        return f"{number:.2f}{unit}"
    space = "\u202f" if unit.startswith("%") else "\u00a0"
    return f"{plain(number)}{space}{unit}"


def services(count: int) -> str:
    """"1 Service", "1,000 Services"."""
    return f"{count:,}\u00a0Service" + ("" if count == 1 else "s")


def size(count: int, rate: float | None) -> str:
    """What a block of a table is about."""
    return services(count) + (f", {plain(rate, 0)}\u00a0changes/s" if rate is not None else "")


def several(words: Sequence[str], last: str = "and") -> str:
    """"a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(count: int, word: str) -> str:
    """"1 run", "3 runs"."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def against(value: float, best: float, higher_is_better: bool, word: str) -> str:
    """How much worse than the best: "38 % slower", "3.1× slower"."""
    ratio = best / value if higher_is_better else value / best
    if ratio >= 1.995:
        return f"{ratio:.1f}× {word}" if ratio < 99.5 else f"{ratio:,.0f}× {word}"
    percent = 100 * (1 - value / best if higher_is_better else value / best - 1)
    return f"{percent:.0f}\u202f% {word}" if percent >= 0.5 else f"hardly {word}"
