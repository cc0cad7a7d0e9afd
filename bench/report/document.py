"""The report as values, before it becomes a page, Markdown or text."""
from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from charts import Chart, Scene, draw_up
from estimates import Estimate, Measured, measure_all
from metrics import BY_NAME, METRICS, Figure, Metric
from results import Contender, Key, Results, clean
from summary import Judged, Summary, summarize
from verdicts import Entry, Verdict, judge
from wording import PLACE_TITLES, column_decimals, counted, plain, several, size

TITLE = "switchyard, compared"
KIND_TITLES = {"mode": "mode of switchyard", "peer": "peer", "floor": "floor"}


@dataclass(frozen=True)
class Cell:
    """A figure in a table. Empty: not measured."""
    text: str = ""
    spread: str = ""
    best: bool = False


@dataclass(frozen=True)
class Row:
    """A contender at one size. marks: numbers of the notes below the table."""
    name: str
    kind: str
    runs: str
    cells: tuple[Cell, ...]
    marks: tuple[int, ...] = ()
    failed: bool = False


@dataclass(frozen=True)
class Block:
    """The rows of one size, and what they say."""
    label: str
    rows: tuple[Row, ...]
    verdict: Verdict | None


@dataclass
class Group:
    """A metric at one place with one shape of cluster: what may be compared with each other."""
    anchor: str
    title: str
    columns: list[Figure]
    blocks: list[Block]
    notes: list[str]
    charts: list[Chart]


@dataclass
class Section:
    """A metric."""
    metric: Metric
    groups: list[Group]


@dataclass
class Document:
    """Everything that a report says."""
    title: str
    status: str            # empty if the measurement came to its end
    sessions: list[str]
    command: str           # empty if the file does not say
    facts: list[tuple[str, list[tuple[str, str]]]]  # machine, versions, options, contenders
    summaries: list[Summary]
    sections: list[Section]
    measured: list[Measured]
    contenders: list[Contender]
    judged: list[Judged]


class Notes:
    """Footnotes of one table, each text once."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def mark(self, text: str) -> int:
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text) + 1


def spread_of(estimate: Estimate, decimals: int) -> str:
    """The lowest and the highest run."""
    if estimate.runs < 2:
        return ""
    return f"{plain(estimate.low, decimals)}–{plain(estimate.high, decimals)}"


class Builder:
    """One group: table, verdicts, notes."""

    def __init__(self, metric: Metric, kinds: dict[str, str], members: Sequence[Measured],
                 floors: Sequence[Measured]):
        self.metric = metric
        self.kinds = kinds
        self.members = members
        self.floors = floors
        self.notes = Notes()
        self.columns = [figure for figure in metric.figures
                        if any(figure.key in member.estimates for member in members)]

    def entries(self, rows: Sequence[Measured], figure: Figure) -> list[Entry]:
        """Who takes part in a comparison: floors do not, they are no program. Nor does one that
        gives no such figure although it did run."""
        return [Entry(row.key.contender, self.kinds[row.key.contender],
                      row.estimates.get(figure.key))
                for row in rows if self.kinds[row.key.contender] != "floor"
                and (figure.key in row.estimates or not row.estimates)]

    def verdicts(self, rows: Sequence[Measured]) -> dict[str, Verdict]:
        """Figure -> who is best in it at one size."""
        found = {}
        for figure in self.columns:
            entries = self.entries(rows, figure)
            if figure.compared and any(entry.estimate for entry in entries):
                found[figure.key] = judge(figure, entries)
        return found

    def row(self, member: Measured, decimals: Sequence[int], verdicts: dict[str, Verdict],
            compared: bool) -> Row:
        """One contender."""
        name = member.key.contender
        marks = []
        if member.left_out:
            marks.append(self.notes.mark(
                f"{name}: {counted(member.left_out, 'run')} disturbed by other load, left out"))
        if member.disturbed:
            marks.append(self.notes.mark(
                f"{name}: {counted(member.disturbed, 'run')} disturbed by other load, counted all "
                "the same because fewer than 3 were not"))
        marks += [self.notes.mark(f"{name}, failed: {message}") for message in member.failures]
        cells = []
        for figure, places in zip(self.columns, decimals):
            estimate = member.estimates.get(figure.key)
            verdict = verdicts.get(figure.key)
            best = bool(compared and verdict and not verdict.level and name in verdict.best)
            cells.append(Cell(plain(estimate.value, places), spread_of(estimate, places), best)
                         if estimate else Cell())
        return Row(name, self.kinds[name], str(member.runs) if member.runs else "0",
                   tuple(cells), tuple(sorted(set(marks))), not member.estimates)

    def floor_row(self, member: Measured, decimals: Sequence[int]) -> Row:
        """The floor below what this metric measures."""
        cells = [Cell(plain(member.estimates[self.metric.floor].value, places),
                      spread_of(member.estimates[self.metric.floor], places))
                 if figure.key == self.metric.headline else Cell()
                 for figure, places in zip(self.columns, decimals)]
        title = BY_NAME["floor"].figure(self.metric.floor).title.lower()
        return Row(f"{member.key.contender}, {title}", "floor", str(member.runs), tuple(cells))

    def block(self, services: int, rate: float | None) -> tuple[Block, dict[str, Verdict]]:
        """All contenders at one size."""
        rows = [member for member in self.members
                if (member.key.services, member.key.rate) == (services, rate)]
        rows.sort(key=lambda member: list(self.kinds).index(member.key.contender))
        floors = [floor for floor in self.floors if floor.key.services == services
                  and self.metric.floor in floor.estimates]
        decimals = [column_decimals([row.estimates[figure.key].value for row in rows
                                     if figure.key in row.estimates]) for figure in self.columns]
        decimals = [max(places, *(column_decimals([floor.estimates[self.metric.floor].value])
                                  for floor in floors))
                    if floors and figure.key == self.metric.headline else places
                    for figure, places in zip(self.columns, decimals)]
        verdicts = self.verdicts(rows)
        compared = sum(self.kinds[row.key.contender] != "floor" for row in rows) > 1
        lines = [self.row(row, decimals, verdicts, compared) for row in rows]
        lines += [self.floor_row(floor, decimals) for floor in floors]
        return Block(size(services, rate), tuple(lines),
                     verdicts.get(self.metric.headline)), verdicts


def build_group(metric: Metric, where: str, shape: str, contenders: Sequence[Contender],
                everything: Sequence[Measured]) -> tuple[Group, list[Judged]]:
    """A metric at one place with one shape."""
    kinds = {c.name: c.kind for c in contenders if c.where == where}
    palette = list(dict.fromkeys(c.name for c in contenders if c.kind != "floor"))
    members = [m for m in everything if (m.key.metric, m.key.where, m.key.shape) ==
               (metric.name, where, shape)]
    floors = [m for m in everything if metric.floor and (m.key.metric, m.key.where, m.key.shape) ==
              ("floor", where, shape)]
    builder = Builder(metric, kinds, members, floors)
    sizes = sorted({(member.key.services, member.key.rate) for member in members},
                   key=lambda pair: (pair[0], -1 if pair[1] is None else pair[1]))
    blocks, judged = [], []
    for services, rate in sizes:
        block, verdicts = builder.block(services, rate)
        blocks.append(block)
        rows = [m for m in members if (m.key.services, m.key.rate) == (services, rate)]
        judged += [Judged(Key(metric.name, where, shape, services, rate, ""),
                          metric.figure(name), verdict,
                          tuple(builder.entries(rows, metric.figure(name))))
                   for name, verdict in verdicts.items()]
    anchor = "-".join(["".join(c if c.isalnum() and c.isascii() else "-" for c in part)
                       for part in (metric.name, where, shape)])
    title = PLACE_TITLES[where][:1].upper() + PLACE_TITLES[where][1:]
    title += f", {shape} cluster"
    scene = Scene(metric, anchor, kinds, palette, members, floors)
    return Group(anchor, title, builder.columns, blocks, builder.notes.texts,
                 draw_up(scene)), judged


def facts_of(results: Results) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a reader needs to judge or repeat the numbers."""
    first = results.starts[0]

    def shown(value: Any) -> str:
        return clean(value if isinstance(value, str) else json.dumps(value))

    tables = [(title, [(clean(str(key)).replace("_", " "), shown(value))
                       for key, value in first[name].items()])
              for name, title in (("machine", "Machine"), ("versions", "Versions"),
                                  ("options", "Options"))]
    tables += [(f"Options of session {number}", [(clean(str(key)).replace("_", " "), shown(value))
                                                 for key, value in start["options"].items()])
               for number, start in enumerate(results.starts, 1)
               if start["options"] != first["options"]]
    contenders = []
    for contender in results.contenders:
        text = ", ".join([KIND_TITLES[contender.kind], PLACE_TITLES[contender.where],
                          *(f"{name} {value}" for name, value in contender.facts.items())])
        contenders.append((contender.name, text))
    return [*tables, ("Contenders", contenders)]


def moment(text: str) -> str:
    """A time as people write it."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+Z", text)
    return f"{found[1]} {found[2]}\u00a0UTC" if found else clean(text, 40)


def sessions_of(results: Results) -> list[str]:
    """When it was measured, and on what."""
    text = (f"Measured in {counted(len(results.starts), 'session')}, begun "
            + several([moment(start["time"]) for start in results.starts])
            + (f", ended {moment(results.ended)}." if results.ended else "."))
    machine = results.starts[0]["machine"]
    parts = [(f"Linux {machine['kernel']}" if "kernel" in machine else ""),
             f"{machine['cpus']} CPUs" if "cpus" in machine else "",
             str(machine.get("cpu_model", "")), str(machine.get("system", ""))]
    return [text, *([clean(", ".join(filter(None, parts))) + "."] if any(parts) else [])]


def command_of(results: Results) -> str:
    """The command that was given, if the file says."""
    command = results.starts[0].get("command", "")
    words = command if isinstance(command, list) else [command]
    return clean(" ".join(str(word) for word in words))


def build(results: Results) -> Document:
    """The whole report."""
    everything = measure_all(results)
    sections, judged = [], []
    for metric in METRICS:
        groups = []
        places = dict.fromkeys((m.key.where, m.key.shape) for m in everything
                               if m.key.metric == metric.name)
        for where, shape in sorted(places, key=lambda p: (p[0], p[1] != "uniform", p[1])):
            group, verdicts = build_group(metric, where, shape, results.contenders, everything)
            groups.append(group)
            judged += verdicts
        if groups:
            sections.append(Section(metric, groups))
    status = "" if results.ended else \
        f"Incomplete: {results.measured:,} of {results.steps:,} steps measured."
    return Document(TITLE, status, sessions_of(results), command_of(results), facts_of(results),
                    summarize(judged, results.contenders, everything), sections, everything,
                    results.contenders, judged)


METHOD = (
    "Figures are medians over the runs, which alternate between the contenders; below each is the "
    "spread, the lowest and the highest run. Percentiles are those of the samples of all runs "
    "together, their spread that of the single runs.",
    "One contender is called better than another if it is so in nine of ten pairs of their runs; "
    "else the report says that the runs show no difference, whatever the medians are. Runs during which other programs loaded the machine are marked, and left out "
    "where at least three others are there.",
    "Which backend to pick is counted: each question of the summary is decided at the largest size "
    "that most contenders reached, and none weighs more than another. A peer counts like a mode.",
    "What ran on the host is never compared with what ran in the virtual machine: it is another "
    "kernel on another machine. Modes and peers are measured by the same programs, against the "
    "same API server.",
)
