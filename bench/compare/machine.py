"""What the machine is, and what else it does."""
import os
import platform
import re
import subprocess
import time
from pathlib import Path

# Processors' worth of other work above which a step counts as disturbed.
DISTURBED = 0.25


def _first_line(path: str, key: str) -> str:
    try:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.split(":" if ":" in line else "=", 1)[1].strip().strip('"')
    except OSError:
        pass
    return ""


def facts() -> dict:
    """The machine, for the report."""
    memory = re.sub(r"\D", "", _first_line("/proc/meminfo", "MemTotal"))
    return {
        "kernel": platform.release(),
        "cpus": os.cpu_count() or 1,
        "cpu_model": _first_line("/proc/cpuinfo", "model name"),
        "memory_mb": int(memory or 0) // 1024,
        "system": _first_line("/etc/os-release", "PRETTY_NAME"),
    }


def _said(*command: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False,
                              timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).strip().partition("\n")[0] if done.returncode == 0 else ""


def versions(tree: Path, peers: dict[str, str]) -> dict:
    """Of all programs that take part."""
    found = {
        "switchyard": _said("git", "describe", "--always", "--dirty", cwd=tree),
        "nft": _said("nft", "--version"),
        "iptables": _said("iptables", "--version"),
        "ipset": _said("ipset", "--version"),
    }
    for name, path in peers.items():
        found[name] = _said(path, "--version")
    return {name: version for name, version in found.items() if version}


class Load:
    """Work of other programs during a step, in processors."""

    def __init__(self) -> None:
        self._begun = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        with open("/proc/stat", encoding="ascii") as stat:
            # user nice system idle iowait irq softirq steal: proc(5)
            ticks = [int(word) for word in stat.readline().split()[1:9]]
        busy = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
        ours = os.times()
        return (time.monotonic(), busy,
                ours.children_user + ours.children_system + ours.user + ours.system)

    def others(self) -> float:
        """Since the beginning; children that were waited for are ours."""
        wall, busy, ours = (now - then for now, then in zip(self._now(), self._begun))
        return max(0.0, (busy - ours) / wall) if wall > 0 else 0.0
