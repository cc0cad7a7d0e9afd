"""The forms of a report: page, Markdown, JSON and text, and the command that writes them."""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

from lines import REPORT, result, runs, start

import example
import machine_readable
import markdown
import page
import terminal
from axes import spread_out
from document import Document, build
from drawing import flags
from results import clean, parse
from wording import quantity


class Untrusted(unittest.TestCase):
    """Names and messages of others stay text."""

    EVIL = "<script>alert(1)</script>|`*_[x](y)&\"'\x1b[31m\u202e\n# head"

    def document(self) -> Document:
        name = "<b>|\x1b[2J</b>"
        contenders = [{"name": name, "kind": "peer", "where": "host", "version": self.EVIL},
                      *example.START["contenders"]]
        lines = [start(contenders=contenders, command=self.EVIL, machine={"kernel": self.EVIL}),
                 *runs("ebpf", 1, 2), *runs(clean(name), 5, 6), *runs("ebpf", 2, services=9),
                 *[{**line, "services": 9} for line in runs(clean(name), 8)],
                 {**result("nftables", 0), "type": "failure", "message": self.EVIL}]
        for line in lines[1:]:
            if line["contender"] == clean(name):
                line["contender"] = name
        return build(parse(example.dump(lines), "r"))

    def test_page(self) -> None:
        text = page.render(self.document())
        self.assertNotIn("<script", text)
        self.assertNotIn("<b>", text)
        self.assertIn("&lt;script&gt;", text)
        self.assertIn("<svg", text)

    def test_markdown(self) -> None:
        text = markdown.render(self.document())
        # A line that is indented is code.
        prose = "\n".join(line for line in text.split("\n") if not line.startswith("    "))
        self.assertIsNone(re.search(r"(?<!\\)<(?!/?sup>)", prose))
        self.assertNotIn("\n# head", text)
        for line in prose.split("\n"):
            if line.startswith("|") and "alert" in line:
                self.assertEqual(len(re.findall(r"(?<!\\)\|", line)), 3)

    def test_terminal(self) -> None:
        text = terminal.render(self.document(), 80, False)
        self.assertTrue(all(c.isprintable() or c == "\n" for c in text))
        self.assertNotIn("\x1b", text)


class Forms(unittest.TestCase):
    """The example as a whole."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.results = parse(example.dump(example.lines()), "example")
        cls.document = build(cls.results)

    def test_the_text_fits_its_terminal(self) -> None:
        for width in (80, 100, 132):
            lines = terminal.render(self.document, width, False).split("\n")
            self.assertLessEqual(max(map(len, lines)), width)
        self.assertLessEqual(
            max(map(len, terminal.render(self.document, 20, False).split("\n"))), 80)

    def test_colours_change_no_letter(self) -> None:
        coloured = terminal.render(self.document, 100, True)
        self.assertIn("\x1b[", coloured)
        self.assertEqual(re.sub(r"\x1b\[[0-9;]*m", "", coloured),
                         terminal.render(self.document, 100, False))

    def test_tables_of_markdown_have_the_same_columns_in_every_row(self) -> None:
        columns = None
        for line in markdown.render(self.document).split("\n"):
            count = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else None
            if columns is not None and count is not None:
                self.assertEqual(count, columns, line)
            columns = count

    def test_nothing_is_left_out(self) -> None:
        report_json = json.loads(machine_readable.render(self.document, self.results))
        wanted = {(line["metric"], line["contender"], line["where"], line["services"])
                  for line in example.lines() if line["type"] in ("result", "failure")}
        found = {(one["metric"], one["contender"], one["where"], one["services"])
                 for one in report_json["results"]}
        self.assertEqual(found, wanted)
        rows = sum(len([row for row in block.rows if row.kind != "floor"]) for section in
                   self.document.sections for group in section.groups for block in group.blocks)
        measured = [one for one in report_json["results"] if one["contender"] != "floor"]
        self.assertEqual(rows, len(measured))

    def test_the_page_needs_nothing_else(self) -> None:
        text = page.render(self.document)
        self.assertNotIn("<script", text)
        self.assertEqual(set(re.findall(r'(?:src|href)="([^#"][^"]*)"', text)), {"data:,"})
        self.assertNotIn("url(", text)

    def test_labels_keep_apart(self) -> None:
        placed = spread_out([10, 11, 12, 90], 0, 100, 16)
        self.assertTrue(all(b - a >= 16 for a, b in zip(sorted(placed), sorted(placed)[1:])))
        self.assertEqual(flags([10, 200, 210], ["a", "long name", "b"]), [0, 1, 0])

    def test_units_of_sentences(self) -> None:
        self.assertEqual([quantity(number, unit) for number, unit in
                          ((0.1234, "ms"), (45000, "ms"), (1.05, "× direct"))],
                         ["0.12\u00a0ms", "45.0\u00a0s", "1.05× direct"])


class Command(unittest.TestCase):
    """bench/report/main.py as it is called."""

    def run_main(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-B", os.path.join(REPORT, "main.py"), *words],
                              capture_output=True, text=True, check=False,
                              env={**os.environ, "COLUMNS": "90", "PYTHONUTF8": "1"})

    def test_writes_what_it_is_asked_for(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "r.jsonl")
            with open(source, "wb") as file:
                file.write(example.dump([start(), *runs("ebpf", 1, 2), *runs("nftables", 3, 4)]))
            names = {form: os.path.join(folder, form) for form in ("html", "markdown", "json")}
            done = self.run_main(source, "--text", *(word for form, name in names.items()
                                                     for word in (f"--{form}", name)))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("ebpf is fastest", done.stdout)
            for name in names.values():
                with open(name, encoding="utf-8") as file:
                    self.assertIn("ebpf is fastest", file.read())
            self.assertEqual(sorted(os.listdir(folder)), sorted(["r.jsonl", *names]))

    def test_bad_input_is_one_line_and_status_two(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "r.jsonl")
            with open(source, "wb") as file:
                file.write(example.dump([start(), result("ebpf", 0, metric="speed")]))
            target = os.path.join(folder, "page.html")
            done = self.run_main(source, "--html", target)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r'\Abench report: \S+, line 2: field "metric" is '
                                          r'"speed"; known are cold, .*\n\Z')
            self.assertFalse(os.path.exists(target))
            self.assertEqual(self.run_main(os.path.join(folder, "none")).returncode, 2)


if __name__ == "__main__":
    unittest.main()
