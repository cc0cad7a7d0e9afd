"""Runs steps, one at a time, and shows how far they are."""
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from machine import DISTURBED, Load
from plan import FLOOR, METRICS, Contender, Plan, Step
from results import Results

# Beyond what the slowest proxy may take to start (bench_compare gives up after ten minutes).
STEP_SECONDS = 1500


class Progress:
    """One line that is rewritten on a terminal; elsewhere one for each step."""

    def __init__(self, total: int, done: int) -> None:
        self._total = total
        self._done = done
        self._begun = time.monotonic()
        self._measured = 0
        self._terminal = sys.stderr.isatty()

    def _left(self) -> str:
        if self._measured == 0:
            return ""
        each = (time.monotonic() - self._begun) / self._measured
        seconds = each * (self._total - self._done)
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else \
               f", about {seconds:.0f} s left"

    def begin(self, step: Step) -> None:
        """The step that runs now."""
        self.say(f"[{self._done + 1}/{self._total}] {step.describe()}{self._left()}")

    def say(self, text: str) -> None:
        """Anything in place of the line."""
        print(f"\r\x1b[K{text}" if self._terminal else text, file=sys.stderr,
              end="" if self._terminal else "\n", flush=True)

    def end(self) -> None:
        """It is over."""
        self._done += 1
        self._measured += 1

    def close(self) -> None:
        """No more steps."""
        if self._terminal:
            print("\r\x1b[K", file=sys.stderr, end="", flush=True)


def start(program: Path, contender: Contender, services: int, shape: str = "uniform") -> list[str]:
    """How a contender is started: alone, only that is measured."""
    words = [str(program), "--mode", FLOOR if contender.kind == FLOOR else contender.mode,
             "--services", str(services), "--shape", shape]
    if contender.kind == FLOOR:
        return words
    words += ["--program", contender.program]
    for flag in contender.flags:
        words += ["--flag", flag]
    return words


def command(program: Path, step: Step) -> list[str]:
    """How a step is measured."""
    words = start(program, step.contender, step.services, step.shape)
    if step.contender.kind == FLOOR:
        return words
    for metric in METRICS:
        words += ["--metric", metric]
    return words + step.effort.arguments()


def _said(program: subprocess.Popen) -> tuple[str, str]:
    """Its output and errors; ends it if we are interrupted, and what it started with it."""
    try:
        return program.communicate(timeout=STEP_SECONDS)
    except subprocess.TimeoutExpired:
        program.kill()
        out, err = program.communicate()
        return out, err + f"\nended after {STEP_SECONDS} s"
    except BaseException:
        program.send_signal(signal.SIGTERM)
        program.wait()
        raise


def measure(program: Path, step: Step, results: Results) -> None:
    """One step. A failure is a result too: whoever reads the report must see it."""
    load = Load()
    begun = time.monotonic()
    with subprocess.Popen(command(program, step), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="replace", start_new_session=True) as running:
        out, err = _said(running)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    others = load.others()
    results.measured(step, lines, others, others > DISTURBED, time.monotonic() - begun)
    message = err.strip() or f"ended with status {running.returncode}"
    for wanted in step.wanted():
        if not any(is_of(line, wanted) for line in lines):
            results.failed(step, wanted, message[-500:])


def is_of(line: dict, wanted: dict) -> bool:
    """Whether a result is what was wanted."""
    return line["metric"] == wanted["metric"] and \
        line["values"].get("rate") == wanted.get("rate")


def warm_up(plan: Plan, program: Path) -> None:
    """Starts everybody once, so that no first run alone reads its programs from the disk. What
    fails here fails again where it is measured."""
    for contender in plan.contenders:
        with subprocess.Popen(start(program, contender, 1), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", start_new_session=True) as running:
            _said(running)


def run(plan: Plan, program: Path, results: Results, progress: Progress) -> None:
    """All steps that are not over yet."""
    done = results.done()
    if any(step.key() not in done for step in plan.steps):
        progress.say("warming up")
        warm_up(plan, program)
    for step in plan.steps:
        if step.key() in done:
            continue
        progress.begin(step)
        measure(program, step, results)
        progress.end()
