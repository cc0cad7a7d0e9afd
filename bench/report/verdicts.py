"""Who is best, said as plainly of a peer as of ourselves."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from estimates import Estimate
from metrics import Figure
from wording import against, quantity, several


@dataclass(frozen=True)
class Entry:
    """A contender's estimate of one figure at one size. None: it failed."""
    name: str
    kind: str
    estimate: Estimate | None


@dataclass(frozen=True)
class Verdict:
    """best: names that no run can tell from the best; peer: only peers are among them."""
    sentence: str
    best: tuple[str, ...] = ()
    peer: bool = False
    level: bool = False  # more than one was measured, and no difference was found


def judge(figure: Figure, entries: Sequence[Entry]) -> Verdict:
    """The sentence for one figure at one size."""
    ranked = sorted(((entry, entry.estimate) for entry in entries if entry.estimate),
                    key=lambda pair: pair[1].value, reverse=figure.higher_is_better)
    failed = [entry.name for entry in entries if not entry.estimate]
    ending = f" {several(failed)} failed." if failed else ""
    if not ranked:
        return Verdict("Nothing was measured." + ending)
    first, top = ranked[0]
    if len(ranked) == 1:
        value = quantity(top.value, figure.unit)
        return Verdict(f"Only {first.name} was measured: {value}.{ending}", (first.name,))
    level = [(entry, estimate) for entry, estimate in ranked if estimate.level_with(top)]
    rest = [(entry, estimate) for entry, estimate in ranked if not estimate.level_with(top)]
    names = tuple(entry.name for entry, _ in level)
    if not rest:
        values = ", ".join(f"{entry.name} {quantity(estimate.value, figure.unit)}"
                           for entry, estimate in level)
        return Verdict(f"No difference that these runs can show: {values}.{ending}", names,
                       level=True)
    sentence = leaders(figure, level) + "; " + several(
        [other(figure, top, entry, estimate) for entry, estimate in rest]) + "."
    if any(estimate.runs < 2 for _, estimate in ranked):
        sentence += " Not every one ran twice, so chance may have decided."
    return Verdict(sentence + ending, names, all(entry.kind == "peer" for entry, _ in level))


def leaders(figure: Figure, level: Sequence[tuple[Entry, Estimate]]) -> str:
    """"nftables is fastest: 0.31 ms", or the several that lead together."""
    names = [entry.name for entry, _ in level]
    values = [quantity(estimate.value, figure.unit) for _, estimate in level]
    if len(level) == 1:
        return f"{names[0]} is {figure.words[0]}: {values[0]}"
    return (f"{several(names)} are {figure.words[0]}, with no difference that these runs can show: "
            f"{several(list(dict.fromkeys(values)))}")


def other(figure: Figure, top: Estimate, entry: Entry, estimate: Estimate) -> str:
    """One that is behind."""
    if not figure.words[1] or not top.value or not estimate.value:
        return f"{entry.name} {quantity(estimate.value, figure.unit)}"
    ratio = against(estimate.value, top.value, figure.higher_is_better, figure.words[1])
    return f"{entry.name} {ratio}"
