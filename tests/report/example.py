"""Results as scripts/bench would write them: made up, the same each time."""
from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from typing import Any

START = {
    "type": "start", "schema": 1, "time": "2026-11-23T04:00:00Z", "steps": 0,
    "machine": {"kernel": "6.18.0", "cpus": 2, "cpu_model": "Example CPU @ 2.0 GHz",
                "memory_mb": 24000, "system": "Debian GNU/Linux 12"},
    "versions": {"switchyard": "1a2b3c4", "nft": "1.0.6", "iptables": "1.8.9 (nf_tables)"},
    "options": {"quick": False, "runs": 5, "services": [1, 100, 1000, 10000, 100000]},
    "command": ["./scripts/bench", "compare", "--peer", "kube-proxy=/usr/local/bin/kube-proxy"],
    "contenders": [
        {"name": "nftables", "kind": "mode", "where": "host"},
        {"name": "ebpf", "kind": "mode", "where": "host"},
        {"name": "iptables-legacy", "kind": "mode", "where": "host"},
        {"name": "iptables-nft", "kind": "mode", "where": "host"},
        {"name": "kube-proxy", "kind": "peer", "where": "host", "version": "v1.34.1",
         "path": "/usr/local/bin/kube-proxy"},
        {"name": "floor", "kind": "floor", "where": "host"},
        {"name": "nftables", "kind": "mode", "where": "vm", "kernel": "6.1.0-41-amd64"},
        {"name": "ipvs", "kind": "mode", "where": "vm", "kernel": "6.1.0-41-amd64"},
    ],
}
SIZES = (1, 100, 1000, 10000, 100000)
# name -> latency of a change in ms, growth exponent, memory, ratio of a connection
TRAITS = {"nftables": (0.32, 0.04, 14.0, 1.06), "ebpf": (0.11, 0.01, 21.0, 1.01),
          "iptables-legacy": (1.1, 0.42, 15.0, 1.16), "iptables-nft": (1.4, 0.47, 15.5, 1.18),
          "kube-proxy": (1.6, 0.22, 48.0, 1.07), "ipvs": (0.5, 0.02, 16.0, 1.21)}


def numbers(metric: str, name: str, services: int, rate: float, chance: random.Random) \
        -> tuple[dict[str, float], dict[str, list[float]]]:
    """values and samples of one run."""
    base, growth, memory, ratio = TRAITS[name]
    scale = services ** growth

    def about(value: float, spread: float = 0.04) -> float:
        return round(value * math.exp(chance.gauss(0, spread)), 5)

    samples = [about(base * scale, 0.35) for _ in range(200)]
    rss = about(memory + services * 0.002 * (0.5 if name == "kube-proxy" else 1))
    if metric == "cold":
        return {"ready_ms": about(30 + services * 0.03 * base),
                "synced_ms": about(25 + services * 0.02),
                "cpu_s": about(0.03 + services * 2e-5 * base), "rss_mb": rss,
                "peak_mb": about(rss * 1.3, 0.001), "kernel_mb": about(0.5 + services * 1e-3),
                "netlink_messages": 12.0 + services}, {}
    if metric in ("change", "create"):
        return {"cpu_ms": about(base * 0.7 * scale)}, {"latency_ms": samples}
    if metric == "burst":
        return {"ms": about(12 + 40 * base * scale), "cpu_s": about(0.01 + 0.05 * base * scale)}, {}
    if metric == "churn":
        return {"rate": rate, "cpu_percent": about(min(180, 0.05 + rate * base * scale * 0.05))}, \
            {"latency_ms": samples}
    if metric == "idle":
        return {"cpu_percent": 0.0 if name == "ebpf" else about(0.02), "wakeups_per_s": about(0.4),
                "rss_mb": rss, "kernel_mb": about(0.5 + services * 1e-3)}, {}
    return {"ratio": about(ratio * services ** 0.005, 0.01), "rate_ratio": about(1 / ratio, 0.01),
            "request_ratio": about(1 + (ratio - 1) / 4, 0.002), "udp_ratio": about(ratio, 0.01),
            "bulk_ratio": about(1 - (ratio - 1) / 8, 0.002), "vip_p50_us": about(40 * ratio),
            "direct_p50_us": about(40), "vip_rate": about(21000 / ratio),
            "direct_rate": about(21000)}, {}


def measurements() -> Iterator[dict[str, Any]]:
    """Results and failures of all contenders."""
    chance = random.Random(7)
    for metric in ("cold", "change", "create", "burst", "churn", "idle", "connect"):
        for services in SIZES:
            for rate in (10, 100, 1000) if metric == "churn" else (0,):
                for run in range(5):
                    for contender in START["contenders"]:
                        if contender["kind"] != "floor":
                            yield measurement(metric, contender, services, rate, run, chance)
    for services in SIZES:
        for run in range(5):
            yield {"type": "result", "metric": "floor", "contender": "floor", "where": "host",
                   "services": services, "shape": "uniform", "run": run, "disturbed": False,
                   "values": {"batch_ms": round(0.06 + 0.01 * chance.random(), 4),
                              "one_ms": round(0.03 + 0.01 * chance.random(), 4)}}


def measurement(metric: str, contender: dict[str, Any], services: int, rate: float, run: int,
                chance: random.Random) -> dict[str, Any]:
    """One line."""
    name, where = contender["name"], contender["where"]
    line: dict[str, Any] = {"metric": metric, "contender": name, "where": where,
                            "services": services, "shape": "uniform", "run": run}
    if name.startswith("iptables") and services == 100000:
        if rate:
            line["rate"] = rate
        return {"type": "failure", **line, "message": "not ready after 120 s"}
    values, samples = numbers(metric, name, services, rate, chance)
    return {"type": "result", **line, "disturbed": run == 2 and name == "nftables",
            "load": 0.2, "seconds": 1.5, "values": values, "samples": samples}


def lines() -> list[dict[str, Any]]:
    """The whole file."""
    found = list(measurements())
    return [{**START, "steps": len(found)}, *found, {"type": "end", "time": "2026-11-23T05:30:00Z"}]


def dump(objects: list[dict[str, Any]]) -> bytes:
    """As JSON Lines."""
    return "".join(json.dumps(one) + "\n" for one in objects).encode()


if __name__ == "__main__":
    print(dump(lines()).decode(), end="")
