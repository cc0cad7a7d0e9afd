"""The results file: JSON Lines that only ever grow, so that a run can be gone on with."""
import json
import time
from pathlib import Path

from plan import Plan, Step

SCHEMA = 1


class Results:
    """Appends; one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, record: dict) -> None:
        """One line, in one piece."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, separators=(",", ":")) + "\n")

    def records(self) -> list[dict]:
        """All that were written whole."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                continue  # the end of an interrupted run
        return found

    def mend(self) -> None:
        """Takes away half a line at the end."""
        if self.path.exists():
            text = self.path.read_text(encoding="utf-8")
            self.path.write_text(text[:text.rfind("\n") + 1], encoding="utf-8")

    def done(self) -> set[tuple]:
        """Keys of steps that are over."""
        return {tuple(record["key"]) for record in self.records() if record["type"] == "step"}

    def start(self, options: dict, machine: dict, versions: dict, plans: list[Plan]) -> None:
        """A session begins."""
        self.write({
            "type": "start", "schema": SCHEMA, "time": now(), "machine": machine,
            "versions": versions, "options": options,
            "steps": sum(len(plan.steps) for plan in plans),
            "contenders": [contender.record() for plan in plans for contender in plan.contenders]})

    def measured(self, step: Step, lines: list[dict], load: float, disturbed: bool,
                 seconds: float) -> None:
        """What one step has found; its last line says that it is over."""
        for line in lines:
            self.write({"type": "result", **_of(step), "disturbed": disturbed,
                        "load": round(load, 2), "seconds": round(seconds, 1), **line})

    def failed(self, step: Step, metric: str, message: str) -> None:
        """That it has not been measured, and why."""
        self.write({"type": "failure", **_of(step), "metric": metric, "message": message})

    def over(self, step: Step) -> None:
        """Not to be repeated."""
        self.write({"type": "step", "key": list(step.key())})

    def end(self) -> None:
        """All steps are over."""
        self.write({"type": "end", "time": now()})


def _of(step: Step) -> dict:
    return {"contender": step.contender.name, "where": step.contender.where,
            "services": step.services, "shape": step.shape, "run": step.run}


def now() -> str:
    """In UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
