"""What is measured, and in which order."""
from dataclasses import dataclass, field

MODES = ("nftables", "ebpf", "iptables", "ipvs")
FLOOR = "floor"

QUICK_SIZES = (100, 1000)
FULL_SIZES = (1, 100, 1000, 5000, 10_000, 30_000, 100_000)
# Emulated processors are ten times slower, and growth is seen on the host.
MACHINE_SIZE = 1000
MACHINE_RUNS = 3
SHAPES = ("uniform", "skewed", "huge", "dual-stack", "node-ports")
# Where the other shapes are compared with the uniform one.
SHAPED_SIZE = 1000
METRICS = ("change", "create", "burst", "churn", "idle", "connect")


@dataclass(frozen=True)
class Contender:
    """Who is measured."""
    name: str
    kind: str  # "mode", "peer" or "floor"
    where: str = "host"  # or "vm"
    program: str = ""
    mode: str = ""
    flags: tuple[str, ...] = ()

    def record(self) -> dict:
        """As it stands in the results."""
        record = {"name": self.name, "kind": self.kind, "where": self.where}
        if self.kind == "peer":
            record["path"] = self.program
        if self.where == "vm":
            record["kernel"] = "Debian's linux-image-amd64, emulated"
        return record


@dataclass(frozen=True)
class Effort:
    """How much of each is done in one run."""
    options: tuple[str, ...]
    churn: tuple[int, ...]

    def arguments(self) -> list[str]:
        """For bench_compare."""
        words = list(self.options)
        for rate in self.churn:
            words += ["--churn", str(rate)]
        return words


def _short(connects: int) -> Effort:
    return Effort(("--changes", "40", "--creations", "10", "--rounds", "1",
                   "--connects", str(connects), "--churn-seconds", "1.5", "--idle-seconds", "1",
                   "--series-seconds", "5"), (100,))


QUICK = _short(2000)
FULL = Effort(("--changes", "100", "--creations", "30", "--rounds", "2", "--connects", "3000",
               "--churn-seconds", "1.5", "--idle-seconds", "1.5", "--series-seconds", "10"),
              (10, 100, 1000))
# A request takes milliseconds there: processors that rest are slow to wake.
MACHINE = _short(200)


@dataclass(frozen=True)
class Step:
    """One contender at one size, once."""
    contender: Contender
    services: int
    run: int
    effort: Effort
    shape: str = "uniform"

    def key(self) -> tuple:
        """Tells steps of one results file apart."""
        return (self.contender.name, self.contender.where, self.services, self.shape, self.run)

    def wanted(self) -> list[dict]:
        """What it shall find, in order: metrics, and the rates of churn."""
        if self.contender.kind == FLOOR:
            return [{"metric": FLOOR}]
        found: list[dict] = [{"metric": "cold"}]
        for metric in METRICS:
            found += [{"metric": metric, "rate": rate} for rate in self.effort.churn] \
                if metric == "churn" else [{"metric": metric}]
        return found

    def describe(self) -> str:
        """For people."""
        where = " in the VM" if self.contender.where == "vm" else ""
        shape = "" if self.shape == "uniform" else f", {self.shape}"
        return f"{self.contender.name}{where}, {self.services:,} Services{shape}, run {self.run + 1}"


@dataclass
class Plan:
    """All steps of one place, host or virtual machine."""
    contenders: list[Contender]
    sizes: list[int]
    runs: int
    effort: Effort
    shapes: tuple[str, ...] = ("uniform",)
    steps: list[Step] = field(init=False)

    def __post_init__(self) -> None:
        # Contenders take turns, and who comes first does too: what drifts meets all of them.
        clusters = [(size, "uniform") for size in self.sizes if "uniform" in self.shapes]
        clusters += [(SHAPED_SIZE, shape) for shape in self.shapes if shape != "uniform"]
        self.steps = []
        for size, shape in clusters:
            for run in range(self.runs):
                turn = run % max(len(self.contenders), 1)
                order = self.contenders[turn:] + self.contenders[:turn]
                effort = self.effort if shape == "uniform" else QUICK
                self.steps += [Step(contender, size, run, effort, shape)
                               for contender in order
                               if shape == "uniform" or contender.kind != FLOOR]


def peer(text: str) -> Contender:
    """NAME=PATH[,mode=MODE][,flag=--WORD]…; raises ValueError with what is wrong."""
    name, equals, rest = text.partition("=")
    if not equals or not name or not rest:
        raise ValueError(f"{text!r} is not NAME=PATH, such as kube-proxy=/usr/bin/kube-proxy")
    if name in MODES or name == FLOOR:
        raise ValueError(f"{name!r} is the name of a mode: give the peer another one")
    path, *options = rest.split(",")
    mode, flags = "nftables", []
    for option in options:
        key, _, value = option.partition("=")
        if key == "mode" and value:
            mode = value
        elif key == "flag" and value:
            flags.append(value)
        else:
            raise ValueError(f"{option!r} of peer {name}: only mode=MODE and flag=--WORD are known")
    return Contender(name, "peer", program=path, mode=mode, flags=tuple(flags))
