"""Where numbers lie on an axis, and which of them are written there."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 5)


def candidates(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, … from the last not above `low` to the first not below `high`."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    numbers = [float(f"{step}e{power}") for power in range(first, last + 1) for step in STEPS]
    below = max((i for i, n in enumerate(numbers) if n <= low * 1.0000001), default=0)
    above = min((i for i, n in enumerate(numbers) if n >= high * 0.9999999),
                default=len(numbers) - 1)
    if below == above:
        above = min(above + 1, len(numbers) - 1)
    return numbers[below:above + 1]


@dataclass(frozen=True)
class Axis:
    """Maps low…high to begin…end."""
    low: float
    high: float
    begin: float
    end: float
    log: bool
    ticks: tuple[float, ...]

    def at(self, number: float) -> float:
        if self.log:
            share = math.log(number / self.low) / math.log(self.high / self.low)
        else:
            share = (number - self.low) / (self.high - self.low)
        return self.begin + min(max(share, 0), 1) * (self.end - self.begin)


def logarithmic(numbers: Sequence[float], begin: float, end: float, most: int = 6) -> Axis:
    """An axis for positive numbers."""
    chosen = candidates(min(numbers), max(numbers))
    ticks = chosen
    if len(ticks) > most:
        ticks = [n for n in chosen if math.isclose(n, 10 ** round(math.log10(n)), rel_tol=1e-6)]
    while len(ticks) > most:
        ticks = ticks[::2]
    return Axis(chosen[0], chosen[-1], begin, end, True, tuple(ticks))


def measured(numbers: Sequence[float], begin: float, end: float, gap: float = 36) -> Axis:
    """A logarithmic axis whose ticks are the numbers themselves, where there is room for them."""
    low, high = min(numbers), max(numbers)
    if low == high:
        return logarithmic(numbers, begin, end)
    plain = Axis(low, high, begin, end, True, ())
    ticks = [low]
    for number in sorted(set(numbers)):
        # The last one is always shown.
        if plain.at(number) - plain.at(ticks[-1]) >= gap and (
                number == high or plain.at(high) - plain.at(number) >= gap):
            ticks.append(number)
    return Axis(low, high, begin, end, True, tuple(ticks))


def linear(numbers: Sequence[float], begin: float, end: float) -> Axis:
    """An axis from zero."""
    high = max(max(numbers), 1e-9)
    step = min((n for n in candidates(high / 100, high) if high / n <= 5), default=high)
    count = math.ceil(high / step - 1e-9)
    return Axis(0, step * count, begin, end, False, tuple(step * i for i in range(count + 1)))


def around(numbers: Sequence[float], begin: float, end: float) -> Axis:
    """An axis that shows small differences: it need not begin at zero."""
    low, high = min(numbers), max(numbers)
    step = linear([max(high - low, high / 20, 1e-9)], 0, 1).ticks[1]
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(step * i, 10) for i in range(first, max(last, first + 1) + 1))
    return Axis(ticks[0], ticks[-1], begin, end, False, ticks)


def spread_out(wanted: Sequence[float], low: float, high: float, gap: float) -> list[float]:
    """Places as near to the wanted ones as may be, `gap` apart and between low and high."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    placed = list(wanted)
    below = low
    for index in order:
        placed[index] = max(wanted[index], below)
        below = placed[index] + gap
    above = high
    for index in reversed(order):
        placed[index] = min(placed[index], above)
        above = placed[index] - gap
    return placed
