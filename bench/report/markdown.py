"""The report as Markdown: the same words and tables, without the plots."""
from __future__ import annotations

import re

from document import METHOD, Block, Document, Group
from summary import Summary


def escape(text: str) -> str:
    """Text of others as text, whatever Markdown or HTML would make of it."""
    return re.sub(r"([\\`*_\[\]<>|~#&$!])", r"\\\1", text)


def line(cells: list[str]) -> str:
    """A row of a table."""
    return "| " + " | ".join(cells) + " |"


def table(group: Group, block: Block) -> list[str]:
    """The rows of one size."""
    titles = [escape(f"{figure.title}, {figure.unit}") for figure in group.columns]
    lines = [line(["Contender", *titles, "Runs"]), "|---|" + "---:|" * (len(titles) + 1)]
    for row in block.rows:
        name = escape(row.name) + (" (peer)" if row.kind == "peer" else "")
        name += "".join(f" <sup>{mark}</sup>" for mark in row.marks)
        cells = []
        for cell in row.cells:
            text = f"**{cell.text}**" if cell.best else cell.text or "–"
            cells.append(text + (f" ({cell.spread})" if cell.spread else ""))
        if row.failed:
            cells = ["failed"] + [""] * (len(group.columns) - 1)
        lines.append(line([name, *cells, row.runs]))
    return lines


def group_lines(group: Group) -> list[str]:
    """One place and shape."""
    lines = [f"### {escape(group.title)}", ""]
    for block in group.blocks:
        verdict = f": {escape(block.verdict.sentence)}" if block.verdict else ""
        lines += [f"**{escape(block.label)}**{verdict}", "", *table(group, block), ""]
    lines += [f"{number}. {escape(note)}" for number, note in enumerate(group.notes, 1)]
    return lines + [""] if group.notes else lines


def summary_lines(summary: Summary, alone: bool) -> list[str]:
    """What to pick at one place."""
    lines = [] if alone else [f"### {escape(summary.title[:1].upper() + summary.title[1:])}", ""]
    for number, text in enumerate(summary.pick):
        lines += [f"**{escape(text)}**" if number == 0 else escape(text), ""]
    if summary.answers:
        lines += [line(["Question", "Best", "By how much, at the largest size that most reached"]),
                  "|---|---|---|"]
        lines += [line([escape(a.question), f"**{escape(a.best)}**", escape(a.detail)])
                  for a in summary.answers]
        lines.append("")
    if summary.peers:
        lines += ["Where a peer is better:", "",
                  *(f"- {escape(text)}" for text in summary.peers), ""]
    elif summary.has_peers:
        lines += [f"In nothing that was measured {escape(summary.title)} is a peer better than "
                  "every mode of switchyard.", ""]
    return lines


def render(document: Document) -> str:
    """The whole report."""
    lines = [f"# {escape(document.title)}", "", *(escape(text) for text in document.sessions), ""]
    if document.status:
        lines += [f"**{escape(document.status)}**", ""]
    lines += ["## Which backend to pick", ""]
    for summary in document.summaries:
        lines += summary_lines(summary, len(document.summaries) == 1)
    for section in document.sections:
        lines += [f"## {section.metric.title}", "", escape(section.metric.meaning), ""]
        for group in section.groups:
            lines += group_lines(group)
    lines += ["## Method and machine", ""]
    for text in METHOD:
        lines += [escape(text), ""]
    if document.command:
        lines += ["Made with", "", f"    {document.command}", ""]
    for title, rows in document.facts:
        lines += [line([title, ""]), "|---|---|", *(line([escape(name), escape(value)])
                                                    for name, value in rows), ""]
    return "\n".join(lines).rstrip() + "\n"
