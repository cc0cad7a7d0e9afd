"""The report as text for a terminal."""
from __future__ import annotations

import textwrap
from collections.abc import Sequence

from document import METHOD, Block, Document, Group, Row
from summary import Summary

NARROWEST = 80
WIDEST = 160
BOLD, GREEN, YELLOW, FAINT = "1", "1;32", "33", "2"
GAP = 2


class Terminal:
    """Lines of a width, with or without colours."""

    def __init__(self, width: int, colours: bool):
        self.width = max(NARROWEST, min(width, WIDEST))
        self.colours = colours
        self.lines: list[str] = []

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if code and self.colours and text.strip() else text

    def add(self, text: str = "", code: str = "", indent: str = "",
            first: str | None = None) -> None:
        """A paragraph, wrapped."""
        wrapped = textwrap.wrap(text, self.width, initial_indent=indent if first is None else first,
                                subsequent_indent=indent, break_on_hyphens=False) or [""]
        for one in wrapped:
            shown = one.replace("\u00a0", " ").replace("\u202f", " ")
            self.lines.append(self.paint(shown, code))

    def heading(self, text: str, line: str) -> None:
        """A title, underlined."""
        self.lines += ["", self.paint(text, BOLD), line * len(text)]


def cell_texts(row: Row) -> list[str]:
    """What stands in the columns of figures."""
    if row.failed:
        return ["failed"] + [""] * (len(row.cells) - 1)
    return [cell.text + (f" ({cell.spread})" if cell.spread else "") or "-" for cell in row.cells]


def chunks(widths: Sequence[int], room: int) -> list[list[int]]:
    """Columns side by side as long as there is room; then below each other."""
    found: list[list[int]] = []
    left = -1
    for index, width in enumerate(widths):
        if left < width + GAP:
            found.append([])
            left = room
        found[-1].append(index)
        left -= width + GAP
    return found


def table(terminal: Terminal, group: Group, block: Block) -> None:
    """The rows of one size."""
    titles = [f"{figure.title}, {figure.unit}" for figure in group.columns] + ["Runs"]
    names = [row.name + (" (peer)" if row.kind == "peer" else "")
             + "".join(f" [{mark}]" for mark in row.marks) for row in block.rows]
    texts = [cell_texts(row) + [row.runs] for row in block.rows]
    first = max([len(name) for name in names] + [len("Contender")])
    widths = [max([len(title)] + [len(row[index]) for row in texts])
              for index, title in enumerate(titles)]
    for chunk in chunks(widths, terminal.width - first):
        head = "Contender".ljust(first) + "".join(
            " " * GAP + titles[index].rjust(widths[index]) for index in chunk)
        terminal.lines.append(terminal.paint(head, FAINT))
        for name, row, line in zip(names, block.rows, texts):
            text = terminal.paint(name.ljust(first), YELLOW if row.kind == "peer" else "")
            for index in chunk:
                shown = " " * GAP + line[index].rjust(widths[index])
                best = index < len(row.cells) and row.cells[index].best
                text += terminal.paint(shown, GREEN) if best else \
                    terminal.paint(shown, YELLOW) if row.failed else shown
            terminal.lines.append(text.rstrip())
        terminal.lines.append("")


def add_group(terminal: Terminal, group: Group) -> None:
    """One place and shape."""
    terminal.add()
    terminal.add(group.title, BOLD)
    terminal.add()
    for block in group.blocks:
        verdict = f": {block.verdict.sentence}" if block.verdict else ""
        peer = block.verdict is not None and block.verdict.peer
        terminal.add(f"{block.label}{verdict}", YELLOW if peer else "")
        table(terminal, group, block)
    for number, note in enumerate(group.notes, 1):
        terminal.add(note, indent="    ", first=f"[{number}] ")


def add_summary(terminal: Terminal, summary: Summary, alone: bool) -> None:
    """What to pick at one place."""
    if not alone:
        terminal.add()
        terminal.add(summary.title[:1].upper() + summary.title[1:], BOLD)
    for number, text in enumerate(summary.pick):
        terminal.add(text, BOLD if number == 0 else "")
    terminal.add()
    for answer in summary.answers:
        terminal.add(f"{answer.question}: {answer.best}", YELLOW if answer.peer else GREEN,
                     indent="  ", first="")
        terminal.add(answer.detail, indent="    ")
    if summary.peers:
        terminal.add()
        terminal.add("Where a peer is better:", BOLD)
        for text in summary.peers:
            terminal.add(text, YELLOW, indent="  ", first="- ")
    elif summary.has_peers:
        terminal.add()
        terminal.add(f"In nothing that was measured {summary.title} is a peer better than every "
                     "mode of switchyard.")


def render(document: Document, width: int, colours: bool) -> str:
    """The whole report."""
    terminal = Terminal(width, colours)
    terminal.lines.append(terminal.paint(document.title, BOLD))
    for text in document.sessions:
        terminal.add(text)
    if document.status:
        terminal.add(document.status, YELLOW)
    terminal.heading("Which backend to pick", "=")
    for summary in document.summaries:
        add_summary(terminal, summary, len(document.summaries) == 1)
    for section in document.sections:
        terminal.heading(section.metric.title, "=")
        terminal.add(section.metric.meaning)
        for group in section.groups:
            add_group(terminal, group)
    terminal.heading("Method and machine", "=")
    for text in METHOD:
        terminal.add(text)
        terminal.add()
    if document.command:
        terminal.add(f"Made with: {document.command}", indent="    ", first="")
    for title, rows in document.facts:
        terminal.add()
        terminal.add(title, BOLD)
        for name, value in rows:
            terminal.add(f"{name}: {value}", indent="    ", first="  ")
    return "\n".join(terminal.lines) + "\n"
