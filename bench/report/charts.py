"""Which plots a metric gets, as data; drawing.py makes them visible."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from estimates import Estimate, Measured
from metrics import Figure, Metric, Plot
from wording import plain, quantity, services

CURVE_POINTS = 160


@dataclass(frozen=True)
class Point:
    """A place on a curve, with the spread of the runs."""
    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True)
class Series:
    """A contender in a plot. style: its number among the contenders, -1 for a floor."""
    name: str
    style: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Bars:
    """One ratio of all contenders."""
    title: str
    bars: tuple[tuple[str, int, Estimate], ...]  # name, style, value


@dataclass
class Chart:
    """kind: curves (x and y), cdf (x only) or bars."""
    anchor: str
    kind: str
    title: str
    caption: str
    x_unit: str = ""
    y_unit: str = ""
    log_x: bool = True
    log_y: bool = True
    series: list[Series] = field(default_factory=list)
    bars: list[Bars] = field(default_factory=list)

    @property
    def description(self) -> str:
        """What the plot shows, for those who do not see it."""
        if self.kind == "bars":
            return "; ".join(f"{group.title}: " + ", ".join(
                f"{name} {estimate.value:.2f}" for name, _, estimate in group.bars)
                for group in self.bars) + "."
        if self.kind == "cdf":
            return "; ".join(f"half of {one.name} within {quantity(middle(one).x, self.x_unit)}"
                             for one in self.series) + "."
        return "; ".join(f"{one.name} from {quantity(one.points[0].y, self.y_unit)} to "
                         f"{quantity(one.points[-1].y, self.y_unit)}" for one in self.series) + "."


@dataclass(frozen=True)
class Scene:
    """What a group has to draw from."""
    metric: Metric
    anchor: str
    kinds: dict[str, str]
    palette: Sequence[str]  # all contenders but floors, at all places
    members: Sequence[Measured]
    floors: Sequence[Measured]

    def style(self, name: str) -> int:
        """A contender looks the same in all plots."""
        return self.palette.index(name) if name in self.palette else -1


def middle(series: Series) -> Point:
    """Where a cumulative curve crosses one half."""
    return next((point for point in series.points if point.y >= 0.5), series.points[-1])


def sizes_to_show(scene: Scene, having: Callable[[Measured], bool]) -> list[int]:
    """Sizes that get a plot of their own: 1,000 Services and the largest that most reached."""
    counts: dict[int, int] = {}
    for member in scene.members:
        if having(member):
            counts[member.key.services] = counts.get(member.key.services, 0) + 1
    if not counts:
        return []
    most = max(counts.values())
    full = sorted(size for size, count in counts.items() if count == most)
    typical = [size for size in full if size == 1000] or full[:1]
    return sorted({*typical, full[-1]})


def by_name(scene: Scene, members: Sequence[Measured]) -> dict[str, list[Measured]]:
    """In the order of the contenders."""
    return {name: found for name in scene.kinds
            if (found := [member for member in members if member.key.contender == name])}


def curves(scene: Scene, figure: Figure, members: Sequence[Measured],
           x_of: Callable[[Measured], float]) -> list[Series]:
    """One figure of each contender over x."""
    found = []
    for name, mine in by_name(scene, members).items():
        points = sorted(((x_of(member), member.estimates[figure.key]) for member in mine
                         if figure.key in member.estimates and x_of(member) > 0),
                        key=lambda pair: pair[0])
        if points:
            found.append(Series(name, scene.style(name), tuple(
                Point(x, e.value, e.low, e.high) for x, e in points)))
    return found


def growth(scene: Scene, plot: Plot) -> list[Chart]:
    """A figure over the number of Services; nothing unless there are two sizes."""
    figure = scene.metric.figure(plot.keys[0])
    series = curves(scene, figure, scene.members, lambda member: member.key.services)
    if len({point.x for one in series for point in one.points}) < 2:
        return []
    if scene.metric.floor and figure.key == scene.metric.headline:
        key = scene.metric.floor
        points = sorted((Point(f.key.services, f.estimates[key].value, f.estimates[key].low,
                               f.estimates[key].high) for f in scene.floors
                         if key in f.estimates and f.key.services > 0), key=lambda point: point.x)
        if points:
            series.append(Series("floor", -1, tuple(points)))
    ratio = figure.unit.startswith("×")
    positive = not ratio and all(point.low > 0 for one in series for point in one.points)
    axes = "Both axes are logarithmic" if positive else "The axis of Services is logarithmic"
    return [Chart(f"{scene.anchor}-growth-{figure.key}", "curves", plot.title,
                  f"{plot.title}. {axes}{', the other does not begin at zero' if ratio else ''}.",
                  "Services", figure.unit, log_y=positive, series=series)]


def cdf(scene: Scene, plot: Plot) -> list[Chart]:
    """How samples are distributed, at one or two sizes."""
    key = plot.keys[0]
    charts = []
    for size in sizes_to_show(scene, lambda member: key in member.pooled):
        series = []
        for name, mine in by_name(scene, [m for m in scene.members
                                          if m.key.services == size and key in m.pooled]).items():
            numbers = [number for member in mine for number in member.pooled[key]]
            series.append(Series(name, scene.style(name), distribution(sorted(numbers))))
        charts.append(Chart(
            f"{scene.anchor}-cdf-{size}", "cdf", f"{plot.title}, {services(size)}",
            f"Share of changes that were followed within a time, at {services(size)}; "
            "further left is better.", "ms", "", series=series,
            log_x=all(point.x > 0 for one in series for point in one.points)))
    return charts


def distribution(ordered: Sequence[float]) -> tuple[Point, ...]:
    """Share of the numbers up to x, thinned out to what a plot can show."""
    count = len(ordered)
    steps = min(count, CURVE_POINTS)
    picked = sorted({round(step * (count - 1) / max(steps - 1, 1)) for step in range(steps)})
    return tuple(Point(ordered[i], (i + 1) / count, 0, 0) for i in picked)


def rates(scene: Scene, plot: Plot) -> list[Chart]:
    """A figure over changes per second, at the largest size; nothing unless there are two rates."""
    figure = scene.metric.figure(plot.keys[0])
    sizes = sizes_to_show(scene, lambda member: figure.key in member.estimates)
    if not sizes:
        return []
    series = curves(scene, figure, [m for m in scene.members if m.key.services == sizes[-1]],
                    lambda member: member.key.rate or 0)
    if len({point.x for one in series for point in one.points}) < 2:
        return []
    positive = figure.unit == "ms" and all(p.low > 0 for one in series for p in one.points)
    return [Chart(f"{scene.anchor}-rates-{figure.key}", "curves",
                  f"{plot.title}, {services(sizes[-1])}",
                  f"{plot.title}, at {services(sizes[-1])}.", "changes/s", figure.unit,
                  log_y=positive, series=series)]


def ratios(scene: Scene, plot: Plot) -> list[Chart]:
    """Several ratios of all contenders, at the largest size."""
    charts = []
    for size in sizes_to_show(scene, lambda m: any(key in m.estimates for key in plot.keys))[-1:]:
        members = [m for m in scene.members if m.key.services == size]
        groups = []
        for key in plot.keys:
            bars = tuple((name, scene.style(name), mine[0].estimates[key])
                         for name, mine in by_name(scene, members).items()
                         if key in mine[0].estimates)
            if bars:
                groups.append(Bars(scene.metric.figure(key).title, bars))
        charts.append(Chart(
            f"{scene.anchor}-ratios-{plot.keys[0]}-{size}", "bars",
            f"{plot.title}, {services(size)}",
            f"{plot.title}, at {services(size)}. The line at {plain(1, 0)} is the direct path.",
            bars=groups))
    return charts


KINDS: dict[str, Callable[[Scene, Plot], list[Chart]]] = {
    "growth": growth, "cdf": cdf, "rates": rates, "ratios": ratios}


def draw_up(scene: Scene) -> list[Chart]:
    """All plots of a group."""
    return [chart for plot in scene.metric.plots for chart in KINDS[plot.kind](scene, plot)]
