"""From runs to numbers: medians with their spread, percentiles of pooled samples."""
from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from metrics import BY_NAME, Figure
from results import Key, Result, Results

ENOUGH = 3  # undisturbed runs that let the disturbed ones be left out
# Of all pairs of runs of two contenders: how many one has to win to be called better. By chance it
# wins 23 of 25 in one comparison out of 60 (Mann and Whitney's U), and 9 of 9 in one out of 20.
DECIDED = 0.9


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Of numbers in ascending order: the smallest that `percent` % of them do not exceed."""
    rank = math.ceil(percent / 100 * len(ordered))
    return ordered[max(rank, 1) - 1]


def median(numbers: Sequence[float]) -> float:
    """The middle one, or between the two in the middle."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@dataclass(frozen=True)
class Estimate:
    """A figure over its runs."""
    value: float
    own: tuple[float, ...]  # of single runs, ascending: they show what chance does
    samples: int = 0  # pooled; 0: the median of one number a run

    @property
    def low(self) -> float:
        """The lowest run."""
        return self.own[0]

    @property
    def high(self) -> float:
        """The highest run."""
        return self.own[-1]

    @property
    def runs(self) -> int:
        """How many there are."""
        return len(self.own)

    def level_with(self, other: Estimate) -> bool:
        """Whether the runs cannot tell the two apart."""
        pairs = [(mine, its) for mine in self.own for its in other.own]
        lower = sum(mine < its for mine, its in pairs)
        higher = sum(mine > its for mine, its in pairs)
        return max(lower, higher) < DECIDED * len(pairs)


@dataclass
class Measured:
    """All that is known about one key."""
    key: Key
    estimates: dict[str, Estimate] = field(default_factory=dict)
    extra: dict[str, Estimate] = field(default_factory=dict)  # values that no table shows
    pooled: dict[str, list[float]] = field(default_factory=dict)  # ascending
    runs: int = 0            # that count
    left_out: int = 0        # disturbed, and enough others are there
    disturbed: int = 0       # disturbed, and counted all the same
    failures: list[str] = field(default_factory=list)


def estimate_of(figure: Figure, results: Sequence[Result]) -> Estimate | None:
    """A figure, from samples if there are any and else from values."""
    per_run = [sorted(result.samples[figure.sample]) for result in results
               if figure.sample in result.samples]
    if per_run:
        own = [percentile(run, figure.percentile) for run in per_run]
        pooled = sorted(number for run in per_run for number in run)
        return Estimate(percentile(pooled, figure.percentile), tuple(sorted(own)), len(pooled))
    return of_values(figure.key, results)


def of_values(name: str, results: Sequence[Result]) -> Estimate | None:
    """The median of one number a run."""
    values = [result.values[name] for result in results if name in result.values]
    return Estimate(median(values), tuple(sorted(values))) if values else None


def measure(key: Key, results: Sequence[Result], failures: Sequence[str]) -> Measured:
    """Puts the runs of one key together."""
    quiet = [result for result in results if not result.disturbed]
    counted = quiet if len(quiet) >= ENOUGH else list(results)
    measured = Measured(key, runs=len(counted), left_out=len(results) - len(counted),
                        disturbed=len(counted) - len(quiet), failures=list(dict.fromkeys(failures)))
    figures = BY_NAME[key.metric].figures
    for figure in figures:
        estimate = estimate_of(figure, counted)
        if estimate:
            measured.estimates[figure.key] = estimate
    shown = {figure.key for figure in figures} | {"rate"}
    for name in sorted({name for result in counted for name in result.values} - shown):
        estimate = of_values(name, counted)
        if estimate:
            measured.extra[name] = estimate
    for name in sorted({name for result in counted for name in result.samples}):
        measured.pooled[name] = sorted(number for result in counted
                                       for number in result.samples.get(name, ()))
    return measured


def measure_all(results: Results) -> list[Measured]:
    """Every key that was tried, in the order in which keys were first met."""
    by_key: dict[Key, list[Result]] = defaultdict(list)
    failed: dict[Key, list[str]] = defaultdict(list)
    for result in results.results:
        by_key[result.key].append(result)
    for failure in results.failures:
        failed[failure.key].append(failure.message)
    return [measure(key, by_key.get(key, []), failed.get(key, []))
            for key in dict.fromkeys([*by_key, *failed])]
