#!/usr/bin/env python3
"""Turns the results of scripts/bench into a report."""
from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile

import machine_readable
import markdown
import terminal
from document import build
from results import InputError, read

BAD_INPUT = 2
FAILED = 1


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(
        prog="bench/report/main.py", description=__doc__,
        epilog="Without any of the options, as with --text. The results may be those of a run that "
               "was interrupted or still goes on. Exit status: 2 if the results cannot be used.")
    parser.add_argument("results", metavar="RESULTS.jsonl", help="what the run wrote")
    parser.add_argument("--html", metavar="FILE", help="one page that needs nothing besides itself")
    parser.add_argument("--markdown", metavar="FILE", help="the same tables, without the plots")
    parser.add_argument("--json", metavar="FILE", help="every number, also those no table shows")
    parser.add_argument("--text", action="store_true", help="print it for a terminal")
    return parser.parse_args()


def write(path: str, text: str) -> None:
    """All of a file or nothing: a reader never sees half a report."""
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def main() -> int:
    """The exit status."""
    options = arguments()
    try:
        results = read(options.results)
    except InputError as error:
        print(f"bench report: {error}", file=sys.stderr)
        return BAD_INPUT
    document = build(results)
    try:
        if options.html:
            import page  # jinja2, which the other forms do not need
            write(options.html, page.render(document))
        if options.markdown:
            write(options.markdown, markdown.render(document))
        if options.json:
            write(options.json, machine_readable.render(document, results))
    except ImportError as error:
        print(f"bench report: {error}; install python3-jinja2, or leave --html out",
              file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"bench report: {error.filename}: {error.strerror}", file=sys.stderr)
        return FAILED
    if options.text or not (options.html or options.markdown or options.json):
        colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.reconfigure(errors="replace")
        try:
            print(terminal.render(document, shutil.get_terminal_size().columns, colours), end="",
                  flush=True)
        except BrokenPipeError:  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
