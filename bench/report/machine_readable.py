"""The report as JSON: every estimate, those that no table shows too."""
from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from document import Document
from estimates import Estimate, Measured
from metrics import BY_NAME
from results import Key, Results

SCHEMA = 1


def key_fields(key: Key) -> dict[str, Any]:
    """What was measured."""
    fields: dict[str, Any] = {"metric": key.metric, "where": key.where, "shape": key.shape,
                              "services": key.services}
    if key.rate is not None:
        fields["rate"] = key.rate
    return fields


def estimate_fields(estimate: Estimate) -> dict[str, Any]:
    """Value and spread."""
    fields = {"value": estimate.value, "low": estimate.low, "high": estimate.high,
              "runs": estimate.runs, "single_runs": list(estimate.own)}
    return fields | ({"samples": estimate.samples} if estimate.samples else {})


def measured_fields(measured: Measured) -> dict[str, Any]:
    """One contender at one size."""
    metric = BY_NAME[measured.key.metric]
    return {**key_fields(measured.key), "contender": measured.key.contender,
            "runs": measured.runs, "left_out_as_disturbed": measured.left_out,
            "counted_though_disturbed": measured.disturbed, "failures": measured.failures,
            "figures": {name: {"unit": metric.figure(name).unit, **estimate_fields(estimate)}
                        for name, estimate in measured.estimates.items()},
            "extra": {name: estimate_fields(estimate)
                      for name, estimate in measured.extra.items()}}


def render(document: Document, results: Results) -> str:
    """The whole report."""
    first = results.starts[0]
    report = {
        "schema": SCHEMA, "complete": not document.status,
        "steps": {"measured": results.measured, "of": results.steps},
        "sessions": [start["time"] for start in results.starts], "ended": results.ended,
        "command": document.command, "machine": first["machine"], "versions": first["versions"],
        "options": first["options"],
        "contenders": [{"name": c.name, "where": c.where, "kind": c.kind, **c.facts}
                       for c in document.contenders],
        "summary": [asdict(summary) for summary in document.summaries],
        "results": [measured_fields(measured) for measured in document.measured],
        "verdicts": [{**key_fields(one.key), "figure": one.figure.key,
                      "sentence": one.verdict.sentence, "best": one.verdict.best,
                      "no_difference": one.verdict.level, "peer_is_better": one.verdict.peer}
                     for one in document.judged],
    }
    return json.dumps(report, indent=1) + "\n"
