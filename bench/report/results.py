"""Reads a results file: JSON Lines in, checked values out. What it says is untrusted."""
from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

from metrics import BY_NAME

SCHEMA = 1
KINDS = ("mode", "peer", "floor")
PLACES = ("host", "vm")
LONGEST_NAME = 60
LONGEST_TEXT = 400


class InputError(Exception):
    """The file cannot be used: where, what and how to mend it."""


@dataclass(frozen=True)
class Contender:
    """Who was measured. The same name in two places is two contenders, never compared."""
    name: str
    where: str
    kind: str
    facts: dict[str, str] = field(default_factory=dict)  # version, kernel, path, …


@dataclass(frozen=True)
class Key:
    """What was measured; its runs are put together."""
    metric: str
    where: str
    shape: str
    services: int
    rate: float | None
    contender: str


@dataclass(frozen=True)
class Result:
    """One run."""
    key: Key
    run: int
    disturbed: bool
    values: dict[str, float]
    samples: dict[str, list[float]]


@dataclass(frozen=True)
class Failure:
    """One run that gave no numbers, and why."""
    key: Key
    run: int
    message: str


@dataclass
class Results:
    """A file, checked."""
    starts: list[dict[str, Any]] = field(default_factory=list)
    contenders: list[Contender] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    ended: str = ""  # time of the end, empty if it never came
    seen: set[tuple[Key, int]] = field(default_factory=set)  # what `results` has

    @property
    def steps(self) -> int:
        return self.starts[-1]["steps"]

    @property
    def measured(self) -> int:
        """Steps that were taken, failed ones too."""
        return len(self.results) + len(self.failures)


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """Text of others, on one line and without what a terminal or a page would act on."""
    shown = "".join(c if c.isprintable() else " " if c.isspace() else f"\\u{ord(c):04x}"
                    for c in text).strip()
    return shown if len(shown) <= longest else shown[:longest - 1] + "…"


class Line:
    """One object of the file; takes fields out of it and says where one is wrong."""

    def __init__(self, where: str, fields: dict[str, Any]):
        self.where = where
        self.fields = fields

    def fail(self, name: str, what: str, mend: str) -> InputError:
        return InputError(f"{self.where}: field \"{clean(name)}\" {what}; {mend}")

    def take(self, name: str, kinds: type | tuple[type, ...], mend: str,
             default: Any = None) -> Any:
        value = self.fields.get(name, default)
        if value is None:
            raise self.fail(name, "is missing", mend)
        accepted = kinds if isinstance(kinds, tuple) else (kinds,)
        if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
            raise self.fail(name, f"is {clean(json.dumps(value), 60)}", mend)
        return value

    def text(self, name: str, default: str | None = None, longest: int = LONGEST_NAME) -> str:
        text = clean(self.take(name, str, "give it a text", default), longest)
        if not text:
            raise self.fail(name, "is empty", "give it a text")
        return text

    def count(self, name: str, lowest: int = 0) -> int:
        mend = f"give it a whole number from {lowest}"
        number = self.take(name, int, mend)
        if not lowest <= number < 10 ** 12:
            raise self.fail(name, f"is {clean(str(number), 40)}", mend)
        return number

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in choices:
            raise self.fail(name, f"is \"{value}\"", "it is one of " + ", ".join(choices))
        return value

    def number(self, name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or \
                abs(value) > 1e300 or not math.isfinite(value) or value < 0:
            raise self.fail(name, f"is {clean(json.dumps(value), 60)}",
                            "give it a number that is not negative")
        return float(value)


def start_of(line: Line, results: Results) -> None:
    """A session begins: the first says what all later ones must repeat."""
    if line.take("schema", int, f"this report reads schema {SCHEMA}") != SCHEMA:
        raise line.fail("schema", f"is {line.fields['schema']}",
                        f"this report reads schema {SCHEMA}")
    line.text("time")
    line.count("steps")
    for name in ("machine", "versions", "options"):
        line.take(name, dict, "give it an object")
    contenders = []
    for number, entry in enumerate(line.take("contenders", list, "list who is measured")):
        if not isinstance(entry, dict):
            raise line.fail(f"contenders[{number}]", "is no object", "give it name, kind and where")
        one = Line(f"{line.where}, contenders[{number}]", entry)
        facts = {clean(name): clean(str(value)) for name, value in entry.items()
                 if name not in ("name", "kind", "where")}
        contenders.append(Contender(one.text("name"), one.one_of("where", PLACES),
                                    one.one_of("kind", KINDS), facts))
        if any((c.name, c.where) == (one.text("name"), one.text("where")) for c in contenders[:-1]):
            raise one.fail("name", f"is \"{contenders[-1].name}\" again",
                           "name each contender once")
    if not results.starts:
        results.contenders = contenders
    else:
        same_as_before(line, results.starts[0])
    results.starts.append(line.fields)


def same_as_before(line: Line, first: dict[str, Any]) -> None:
    """Sessions on different machines or of different programs make no report together."""
    for name in ("machine", "versions"):
        before, now = first[name], line.fields[name]
        for key in sorted(before.keys() | now.keys(), key=str):
            if before.get(key) != now.get(key):
                raise line.fail(
                    f"{name}.{key}", f"is {clean(json.dumps(now.get(key)), 80)} but was "
                    f"{clean(json.dumps(before.get(key)), 80)} in the first session",
                    "measure anew in a file of its own")
    if line.fields["contenders"] != first["contenders"]:
        raise line.fail("contenders", "differs from the first session",
                        "measure anew in a file of its own")


def key_of(line: Line, results: Results, values: dict[str, float]) -> Key:
    """What a result or a failure is about."""
    metric, contender, where = line.text("metric"), line.text("contender"), line.text("where")
    if metric not in BY_NAME:
        raise line.fail("metric", f"is \"{metric}\"", "known are " + ", ".join(BY_NAME))
    if not any((c.name, c.where) == (contender, where) for c in results.contenders):
        raise line.fail("contender", f"is \"{contender}\" on \"{where}\"",
                        "the \"start\" line must list it among its contenders")
    rate = values.get("rate")
    if rate is None and "rate" in line.fields:
        rate = line.number("rate", line.fields["rate"])
    return Key(metric, where, line.text("shape", "uniform"), line.count("services"),
               rate if BY_NAME[metric].by_rate else None, contender)


def result_of(line: Line, results: Results) -> Result:
    """One run with numbers."""
    values = {clean(name, LONGEST_NAME): line.number(f"values.{name}", value) for name, value in
              line.take("values", dict, "give it an object of numbers", {}).items()}
    samples = {}
    for name, numbers in line.take("samples", dict, "give it an object of arrays", {}).items():
        if not isinstance(numbers, list) or not numbers:
            raise line.fail(f"samples.{name}", "is no array with numbers",
                            "leave it out where nothing was sampled")
        samples[clean(name, LONGEST_NAME)] = [
            line.number(f"samples.{name}[{index}]", number) for index, number in enumerate(numbers)]
    key = key_of(line, results, values)
    metric = BY_NAME[key.metric]
    if metric.by_rate and key.rate is None:
        raise line.fail("values.rate", "is missing", "give the changes per second asked for")
    if not any(f.key in values or (f.sample and f.sample in samples) for f in metric.figures):
        raise line.fail("values", f"has no figure of \"{metric.name}\"", "known are " + ", ".join(
            dict.fromkeys(figure.key for figure in metric.figures)))
    disturbed = line.take("disturbed", bool, "say true or false")
    return Result(key, line.count("run"), disturbed, values, samples)


def add(line: Line, results: Results) -> None:
    """Takes one line in."""
    kind = line.one_of("type", ("start", "result", "failure", "end"))
    if kind == "start":
        results.ended = ""  # goes on
        start_of(line, results)
        return
    if not results.starts:
        raise line.fail("type", f"is \"{kind}\"", "the first line must be of type \"start\"")
    if kind == "end":
        results.ended = line.text("time")
    elif kind == "failure":
        results.failures.append(Failure(key_of(line, results, {}), line.count("run"),
                                        line.text("message", longest=LONGEST_TEXT)))
    else:
        result = result_of(line, results)
        if (result.key, result.run) in results.seen:
            raise line.fail("run", f"is {result.run} again for the same measurement",
                            "count runs on, or remove one of the two lines")
        results.seen.add((result.key, result.run))
        results.results.append(result)


def no_number(name: str) -> None:
    """NaN and Infinity are not JSON, though Python reads them."""
    raise ValueError(f"{name} is no number")


def parse(data: bytes, path: str) -> Results:
    """A whole file. A last line that the writer never finished is left out."""
    results = Results()
    lines = data.split(b"\n")
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        where = f"{path}, line {number}"
        try:
            fields = json.loads(raw.decode("utf-8"), parse_constant=no_number)
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                break
            raise InputError(f"{where}: is not JSON ({clean(str(error), 120)}); "
                             "remove the line to leave that run out") from None
        if not isinstance(fields, dict):
            raise InputError(f"{where}: is no object; every line is one, with a field \"type\"")
        add(Line(where, fields), results)
    if not results.starts:
        raise InputError(f"{path}: has no line of type \"start\"; is it a file of scripts/bench?")
    # A run that failed and was made again in a later session counts once.
    results.failures = list({(failure.key, failure.run): failure for failure in results.failures
                             if (failure.key, failure.run) not in results.seen}.values())
    return results


def read(path: str) -> Results:
    """The file at `path`."""
    try:
        with open(path, "rb") as file:
            return parse(file.read(), path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give the results file of "
                         "scripts/bench") from None
