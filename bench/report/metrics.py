"""What can be measured: one table that all other modules read.

A metric is one kind of run; a figure is one number of it that is compared. Figures come from
`values` of a result, or as a percentile from `samples`, pooled over the runs.
"""
from __future__ import annotations

from dataclasses import dataclass

TIME = ("fastest", "slower")
COST = ("lightest", "more")
RATE = ("highest", "lower")
ADDED = ("lowest", "")  # ratios already: no ratio of ratios
KEPT = ("highest", "")


@dataclass(frozen=True)
class Figure:
    """One number of a metric. `words`: the best is "…", another "3× …" (empty: say its value)."""
    key: str
    title: str
    unit: str
    words: tuple[str, str] = TIME
    sample: str = ""           # of this array of samples …
    percentile: float = 0.0    # … this percentile (100: the maximum)
    higher_is_better: bool = False
    compared: bool = True      # False: shown, but neither good nor bad (what was sent directly)


@dataclass(frozen=True)
class Plot:
    """kind: growth (figure over Services), cdf (samples), rates (figure over changes per second),
    ratios (bars of several figures)."""
    kind: str
    keys: tuple[str, ...]
    title: str


@dataclass(frozen=True)
class Metric:
    """A kind of run. `headline`: the figure that the verdict of each size is about."""
    name: str
    title: str
    meaning: str               # what exactly is measured, in one or two sentences
    figures: tuple[Figure, ...]
    headline: str
    plots: tuple[Plot, ...] = ()
    by_rate: bool = False      # `values` has "rate", which is part of the key beside Services
    floor: str = ""            # figure of metric "floor" that this one cannot get below

    def figure(self, key: str) -> Figure:
        return next(figure for figure in self.figures if figure.key == key)


@dataclass(frozen=True)
class Question:
    """What a reader chooses by; the summary answers each."""
    text: str
    metric: str
    figure: str


def latency(cost: Figure | None = None) -> tuple[Figure, ...]:
    """Percentiles of latency_ms, and what a change costs."""
    shown = (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100))
    figures = tuple(Figure(f"{name}_ms", name, "ms", sample="latency_ms", percentile=percentile)
                    for name, percentile in shown)
    return figures + ((cost,) if cost else ())


CPU_SECONDS = Figure("cpu_s", "CPU", "s", COST)
CPU_PER_CHANGE = Figure("cpu_ms", "CPU per change", "ms", COST)
CPU_SHARE = Figure("cpu_percent", "CPU", "%", COST)
RSS = Figure("rss_mb", "RSS", "MB", COST)
KERNEL = Figure("kernel_mb", "Kernel memory", "MB", COST)
LATENCY_PLOTS = (Plot("cdf", ("latency_ms",), "Latency of all changes"),
                 Plot("growth", ("p50_ms",), "Median latency as the cluster grows"),
                 Plot("growth", ("p99_ms",), "99th percentile as the cluster grows"))

METRICS = (
    Metric("cold", "Cold start",
           "Time from the start of the process until Services all over the cluster (all of them, or "
           "256 spread evenly) answer a connection. CPU seconds until then include child processes "
           "(iptables-restore and the like); memory is that of two seconds later.",
           (Figure("ready_ms", "All answer", "ms"), CPU_SECONDS, RSS,
            Figure("peak_mb", "Peak RSS", "MB", COST), KERNEL), "ready_ms",
           (Plot("growth", ("ready_ms",), "Time until every Service answers"),
            Plot("growth", ("cpu_s",), "CPU seconds of a cold start"),
            Plot("growth", ("rss_mb",), "Resident memory after the start")), floor="batch_ms"),
    Metric("change", "One endpoint changed",
           "Time from the moment the API server learns that the only endpoint of a Service has moved "
           "until the first connection to the Service's address arrives at the new endpoint. A new "
           "connection is opened every 50 µs; after 20 ms, every 400th of the time that has passed.",
           latency(CPU_PER_CHANGE), "p50_ms", LATENCY_PLOTS, floor="one_ms"),
    Metric("create", "A new Service",
           "Time from the moment the API server learns of a new Service and its EndpointSlice until "
           "the first connection to its address arrives at its endpoint.",
           latency(), "p50_ms", LATENCY_PLOTS, floor="one_ms"),
    Metric("burst", "A burst of 1,000 changes",
           "As many Services as there are, 1,000 at most, get another endpoint at once, and after "
           "them one more; time until a connection to that one arrives at its new endpoint. CPU "
           "seconds, until a second later, include child processes.",
           (Figure("ms", "All followed", "ms"), CPU_SECONDS), "ms",
           (Plot("growth", ("ms",), "Time until the last change is followed"),
            Plot("growth", ("cpu_s",), "CPU seconds of a burst"))),
    Metric("churn", "Steady churn",
           "Changes arrive at a steady rate. CPU is that of the program and its children while "
           "they do, 100 % being one CPU; latency is that of single changes, as above.",
           (CPU_SHARE, *latency()), "cpu_percent",
           (Plot("rates", ("cpu_percent",), "CPU under churn"),
            Plot("rates", ("p99_ms",), "99th percentile of latency under churn")), by_rate=True),
    Metric("idle", "At rest",
           "No change arrives. CPU and wake-ups of the program and its children, and its RSS. Kernel "
           "memory is by how much the machine's slabs, vmalloc and per-CPU areas have grown since "
           "before the start; what else the kernel does adds or takes some MB.",
           (CPU_SHARE, Figure("wakeups_per_s", "Wake-ups", "1/s", COST), RSS, KERNEL), "rss_mb",
           (Plot("growth", ("rss_mb",), "Resident memory"),
            Plot("growth", ("kernel_mb",), "Kernel memory"))),
    Metric("connect", "Connections through a Service",
           "What a client sees through a Service's address, as a ratio to the same client "
           "connecting to an endpoint directly, alternating in the same process. Times: connect, "
           "requests on open connections, sending UDP datagrams (medians; below 1 would be faster than "
           "direct). Throughput: connections per second and bulk transfer (1 is as much as "
           "direct).",
           (Figure("ratio", "Connect time", "× direct", ADDED),
            Figure("rate_ratio", "Connect rate", "× direct", KEPT, higher_is_better=True),
            Figure("request_ratio", "Request time", "× direct", ADDED),
            Figure("udp_ratio", "UDP time", "× direct", ADDED),
            Figure("bulk_ratio", "Bulk", "× direct", KEPT, higher_is_better=True),
            Figure("vip_p50_us", "Connect p50", "µs"),
            Figure("direct_p50_us", "Direct p50", "µs", compared=False),
            Figure("vip_rate", "Connects", "1/s", RATE, higher_is_better=True),
            Figure("direct_rate", "Direct", "1/s", compared=False)), "ratio",
           (Plot("ratios", ("ratio", "request_ratio", "udp_ratio"),
                 "Times through a Service (less is better)"),
            Plot("ratios", ("rate_ratio", "bulk_ratio"),
                 "Throughput through a Service (more is better)"),
            Plot("growth", ("ratio",), "Connect time, as a ratio to direct"))),
    Metric("floor", "Floors",
           "What no program can get below, without any program around it, in the same run: one "
           "hand-written netlink batch with the nftables elements of all Services, one with those of "
           "a single Service, and one write into a BPF map of that many entries.",
           (Figure("batch_ms", "Batch of all", "ms", compared=False),
            Figure("one_ms", "Batch of one", "ms", compared=False),
            Figure("map_write_us", "Map write", "µs", compared=False)), "batch_ms"),
)
BY_NAME = {metric.name: metric for metric in METRICS}

QUESTIONS = (
    Question("Ready soonest after a start", "cold", "ready_ms"),
    Question("Follows a changed endpoint fastest", "change", "p50_ms"),
    Question("Follows the slowest of 100 changes fastest", "change", "p99_ms"),
    Question("Serves a new Service fastest", "create", "p50_ms"),
    Question("Through a burst of 1,000 fastest", "burst", "ms"),
    Question("Least CPU under churn", "churn", "cpu_percent"),
    Question("Least CPU at rest", "idle", "cpu_percent"),
    Question("Smallest in memory", "idle", "rss_mb"),
    Question("Smallest in the kernel", "idle", "kernel_mb"),
    Question("Adds least to a connect", "connect", "ratio"),
    Question("Adds least on open connections", "connect", "request_ratio"),
)
