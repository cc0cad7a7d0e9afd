"""Which backend to pick: computed from the verdicts, by rules that are the same for everyone."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from estimates import Measured
from metrics import BY_NAME, METRICS, QUESTIONS, Figure, Question
from results import Contender, Key
from verdicts import Entry, Verdict
from wording import PLACE_TITLES, against, counted, quantity, several, size


@dataclass(frozen=True)
class Judged:
    """A verdict and what it is about; the key names no contender."""
    key: Key
    figure: Figure
    verdict: Verdict
    entries: tuple[Entry, ...]

    @property
    def measured(self) -> int:
        return sum(entry.estimate is not None for entry in self.entries)


@dataclass(frozen=True)
class Answer:
    """A line of the summary."""
    question: str
    best: str      # who, and at which sizes
    detail: str    # the verdict at the size it is decided by
    peer: bool


@dataclass
class Summary:
    """One place. peers: one line for everything in which a peer is better than every mode."""
    where: str
    title: str
    pick: list[str]
    answers: list[Answer] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)
    has_peers: bool = False


def decisive(judged: Sequence[Judged]) -> Judged:
    """The largest size that the most contenders reached."""
    return max(judged, key=lambda j: (j.measured, j.key.services, j.key.rate or 0))


def leader_text(verdict: Verdict) -> str:
    """Who leads at one size."""
    return "no difference" if verdict.level else several(verdict.best)


def short(count: int) -> str:
    """10k for 10,000."""
    return f"{count // 1000}k" if count >= 1000 and count % 1000 == 0 else str(count)


def over_sizes(judged: Sequence[Judged]) -> str:
    """"ebpf", or "nftables at 1 to 1k, ebpf at 10k"."""
    ordered = sorted(judged, key=lambda j: j.key.services)
    stretches: list[tuple[str, list[int]]] = []
    for one in ordered:
        name = leader_text(one.verdict)
        if not stretches or stretches[-1][0] != name:
            stretches.append((name, []))
        stretches[-1][1].append(one.key.services)
    if len(stretches) == 1:
        return stretches[0][0]
    sizes: dict[str, list[str]] = defaultdict(list)
    for name, counts in stretches:
        sizes[name].append(short(counts[0]) if len(counts) == 1
                           else f"{short(counts[0])} to {short(counts[-1])}")
    return "; ".join(f"{name} at {several(labels)}" for name, labels in sizes.items())


def answer(question: Question, judged: Sequence[Judged]) -> tuple[Answer, Judged] | None:
    """None: fewer than two were measured at any one size."""
    about = [j for j in judged if (j.key.metric, j.figure.key) == (question.metric, question.figure)
             and j.measured > 1]
    if not about:
        return None
    one = decisive(about)
    about = [j for j in about if j.key.rate == one.key.rate]
    detail = f"{one.verdict.sentence} ({size(one.key.services, one.key.rate)})"
    return Answer(question.text, over_sizes(about), detail, one.verdict.peer), one


def pick(decided: Sequence[tuple[Answer, Judged]], kinds: dict[str, str]) -> list[str]:
    """The advice, and where it is wrong."""
    if not decided:
        return ["Too few were measured to compare anything."]
    names = list(dict.fromkeys(e.name for _, one in decided for e in one.entries if e.estimate))
    wins = {name: sum(name in one.verdict.best for _, one in decided) for name in names}
    most = max(wins.values())
    leaders = [name for name in names if wins[name] == most]
    others = sorted((name for name in names if 0 < wins[name] < most), key=lambda n: -wins[n])
    share = f"best, or level with the best, in {most} of {counted(len(decided), 'question')}."
    if len(leaders) == 1:
        lines = [f"Pick {leaders[0]}: it is {share}"]
    else:
        lines = [f"{several(leaders)} are each {share}"]
    if others:
        lines.append(f"The others: {several([f'{name} in {wins[name]}' for name in others])}.")
    modes = [name for name in names if kinds[name] == "mode"]
    if modes and all(kinds[name] == "peer" for name in leaders):
        top = max(wins[name] for name in modes)
        best = [name for name in modes if wins[name] == top]
        lines.append(f"Of the modes of switchyard, {several(best)} "
                     f"{'leads' if len(best) == 1 else 'lead'}, with {top}.")
        leaders = best
    for leader in leaders[:2]:
        lost = [f"{one.question[0].lower()}{one.question[1:]} ({several(j.verdict.best)})"
                for one, j in decided if leader not in j.verdict.best]
        if lost:
            lines.append(f"Another is better than {leader} here: {'; '.join(lost)}.")
    return lines


def modes_of(one: Judged) -> list[str]:
    """The modes that were measured."""
    return [entry.name for entry in one.entries if entry.kind == "mode" and entry.estimate]


def alone_lines(judged: Sequence[Judged]) -> list[str]:
    """Where peers could be measured and every mode failed."""
    lines = []
    for one in judged:
        peers = [e.name for e in one.entries if e.kind == "peer" and e.estimate]
        tried = any(entry.kind == "mode" for entry in one.entries)
        headline = BY_NAME[one.key.metric].headline
        if peers and tried and not modes_of(one) and one.figure.key == headline:
            lines.append(f"{BY_NAME[one.key.metric].title}: {several(peers)} could be measured at "
                         f"{size(one.key.services, one.key.rate)}, and every mode of switchyard "
                         "failed there.")
    return lines


def peer_lines(judged: Sequence[Judged]) -> list[str]:
    """One line a figure in which a peer is better than every mode, at whatever size."""
    won: dict[tuple[str, str, str, tuple[str, ...]], list[Judged]] = defaultdict(list)
    for one in judged:
        if one.verdict.peer and modes_of(one) and not one.verdict.level:
            won[(one.key.metric, one.figure.key, one.key.shape, one.verdict.best)].append(one)
    lines = []
    for (metric, _, shape, names), where in won.items():
        largest = max(where, key=lambda j: (j.key.services, j.key.rate or 0))
        figure = largest.figure
        values = {e.name: e.estimate.value for e in largest.entries if e.estimate}
        mode = (max if figure.higher_is_better else min)(modes_of(largest),
                                                         key=values.__getitem__)
        best = values[names[0]]
        text = f"{quantity(best, figure.unit)} against "
        text += f"{quantity(values[mode], figure.unit)} ({mode}"
        if figure.words[1] and best and values[mode]:
            text += ", " + against(values[mode], best, figure.higher_is_better, figure.words[1])
        sizes = several([size(j.key.services, j.key.rate) for j in where])
        last = f", at {size(largest.key.services, largest.key.rate)}" if len(where) > 1 else ""
        shapes = "" if shape == "uniform" else f" ({shape} cluster)"
        lines.append(f"{BY_NAME[metric].title}, {figure.title}{shapes}: {several(names)} "
                     f"{'is' if len(names) == 1 else 'are'} better than every mode of switchyard "
                     f"at {sizes}: {text}{last}).")
    return lines


def failures(measured: Sequence[Measured]) -> list[str]:
    """What the sizes that most reached would hide."""
    tried: dict[str, list[bool]] = defaultdict(list)
    for one in measured:
        tried[one.key.contender].append(not one.estimates)
    return [f"{name} failed in {sum(failed)} of {counted(len(failed), 'measurement')}; the tables "
            "say why." for name, failed in tried.items() if any(failed)]


def summarize(judged: Sequence[Judged], contenders: Sequence[Contender],
              measured: Sequence[Measured]) -> list[Summary]:
    """One summary a place, host first."""
    order = [metric.name for metric in METRICS]
    summaries = []
    for where in ("host", "vm"):
        here = sorted((j for j in judged if j.key.where == where),
                      key=lambda j: order.index(j.key.metric))
        tried = [one for one in measured if one.key.where == where]
        if not tried:
            continue
        kinds = {c.name: c.kind for c in contenders if c.where == where}
        # Shapes are answered for apart from each other; the first is what most clusters are like.
        shapes = sorted({j.key.shape for j in here}, key=lambda s: (s != "uniform", s)) or [""]
        decided = [found for question in QUESTIONS if (found := answer(
            question, [j for j in here if j.key.shape == shapes[0]]))]
        summaries.append(Summary(where, PLACE_TITLES[where],
                                 pick(decided, kinds) + failures(tried),
                                 [line for line, _ in decided], peer_lines(here) + alone_lines(here),
                                 "peer" in kinds.values()))
    return summaries
