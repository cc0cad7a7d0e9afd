"""Charts as SVG. Colours are those of the page (class c0 … c7), so that light and dark both work;
dashes and markers tell series apart without them."""
from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from xml.etree.ElementTree import Element, SubElement

from axes import Axis, around, linear, logarithmic, measured, spread_out
from charts import Chart, Series, middle
from wording import plain

WIDTH, HEIGHT = 420.0, 290.0
FONT = 13.5
LETTER = 8.0  # as wide as a letter of a wide font is
LINE = 16.0
TOP, BOTTOM = 12.0, 46.0
STYLES = 8
DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2", "5 5", "1 4")
LONGEST_LABEL = 16
HUNDREDS = {1000: "k", 1000000: "M"}


def node(parent: Element, tag: str, text: str = "", **attributes: float | str) -> Element:
    """A child; numbers in attributes get one decimal, underscores become hyphens."""
    child = SubElement(parent, tag, {
        name.rstrip("_").replace("_", "-"):
        f"{value:.1f}" if isinstance(value, float) else str(value)
        for name, value in attributes.items()})
    child.text = text or None
    return child


def style_of(series: Series) -> str:
    """The class of a series."""
    return "cf" if series.style < 0 else f"c{series.style % STYLES}"


def label_of(name: str) -> str:
    """A name as it fits beside a curve."""
    return name if len(name) <= LONGEST_LABEL else name[:LONGEST_LABEL - 1] + "…"


def tick_text(number: float, unit: str) -> str:
    """A number on an axis."""
    if unit in ("Services", "changes/s"):
        for factor, letter in reversed(HUNDREDS.items()):
            if number >= factor:
                return f"{number / factor:g}{letter}"
        return f"{number:g}"
    if unit == "ms" and number >= 1000:
        return f"{number / 1000:g} s"
    text = f"{number:.10g}" if number < 10000 else plain(number, 0)
    return f"{text}×" if unit.startswith("×") else f"{text} {unit}"


def canvas(chart: Chart, height: float) -> Element:
    """An empty plot with what screen readers say."""
    svg = Element("svg", {"viewBox": f"0 0 {WIDTH:g} {height:g}", "role": "img", "class": "plot",
                          "aria-labelledby": f"{chart.anchor}-t {chart.anchor}-d",
                          "font-size": f"{FONT}"})
    node(svg, "title", chart.title, id=f"{chart.anchor}-t")
    node(svg, "desc", chart.description, id=f"{chart.anchor}-d")
    return svg


def frame(svg: Element, x: Axis, y: Axis, x_texts: list[str], y_texts: list[str],
          x_title: str) -> None:
    """Grid, ticks and titles."""
    for number, text in zip(y.ticks, y_texts):
        node(svg, "line", class_="grid", x1=x.begin, x2=x.end, y1=y.at(number), y2=y.at(number))
        node(svg, "text", text, class_="tick", x=x.begin - 8, y=y.at(number) + 4.5,
             text_anchor="end")
    for number, text in zip(x.ticks, x_texts):
        node(svg, "line", class_="mark", x1=x.at(number), x2=x.at(number), y1=y.begin,
             y2=y.begin + 4)
        half = len(text) * LETTER / 2
        node(svg, "text", text, class_="tick", text_anchor="middle", y=y.begin + 19,
             x=min(x.at(number), WIDTH - 1 - half))
    node(svg, "line", class_="axis", x1=x.begin, x2=x.end, y1=y.begin, y2=y.begin)
    node(svg, "text", x_title, class_="tick", x=(x.begin + x.end) / 2, y=y.begin + 38,
         text_anchor="middle")


def path_of(places: list[tuple[float, float]], steps: bool = False) -> str:
    """Straight from place to place, or as a staircase."""
    words = [f"M{places[0][0]:.1f} {places[0][1]:.1f}"]
    for px, py in places[1:]:
        words.append(f"H{px:.1f}V{py:.1f}" if steps else f"L{px:.1f} {py:.1f}")
    return "".join(words)


def marker(svg: Element, style: int, x: float, y: float, name: str) -> None:
    """The shape of a series."""
    size = 3.6
    shapes = ((0, 0), (-1, -1, 1, -1, 1, 1, -1, 1), (0, -1.4, 1.4, 0, 0, 1.4, -1.4, 0),
              (0, -1.3, 1.3, 1, -1.3, 1), (0, 1.3, 1.3, -1, -1.3, -1),
              (-1.5, -.6, 1.5, -.6, 1.5, .6, -1.5, .6), (-.6, -1.5, .6, -1.5, .6, 1.5, -.6, 1.5),
              (-1, -1.4, 1, -1.4, 1, 1.4, -1, 1.4))
    corners = shapes[style % STYLES]
    if len(corners) == 2:
        node(svg, "circle", class_=f"dot {name}", cx=x, cy=y, r=size)
        return
    pairs = [(x + size * corners[i], y + size * corners[i + 1]) for i in range(0, len(corners), 2)]
    node(svg, "path", class_=f"dot {name}", d=path_of(pairs) + "Z")


def curve(svg: Element, series: Series, places: list[tuple[float, float]], steps: bool) -> None:
    """The line of a series."""
    attributes = {"stroke-dasharray": DASHES[series.style % STYLES]} \
        if series.style > 0 else {"stroke-dasharray": "1 4"} if series.style < 0 else {}
    path = node(svg, "path", class_=f"curve {style_of(series)}", d=path_of(places, steps),
                **attributes)
    path.set("data-series", series.name)


def draw_curves(chart: Chart) -> Element:
    """Lines over an axis, each with its name at its end."""
    svg = canvas(chart, HEIGHT)
    names = [label_of(series.name) for series in chart.series]
    right = WIDTH - max(len(name) for name in names) * LETTER - 20
    points = [point for series in chart.series for point in series.points]
    heights = [number for point in points for number in (point.low, point.y, point.high)]
    bottom = HEIGHT - BOTTOM
    y = around(heights, bottom, TOP) if chart.y_unit.startswith("×") else \
        logarithmic(heights, bottom, TOP, 8) if chart.log_y else linear(heights, bottom, TOP)
    y_texts = [tick_text(number, chart.y_unit) for number in y.ticks]
    left = max(len(text) for text in y_texts) * LETTER + 16
    x = measured([point.x for point in points], left, right)
    frame(svg, x, y, [tick_text(number, chart.x_unit) for number in x.ticks], y_texts, chart.x_unit)
    ends = []
    for series in chart.series:
        places = [(x.at(point.x), y.at(point.y)) for point in series.points]
        for point, (px, _) in zip(series.points, places):
            if series.style >= 0 and point.high > point.low:
                node(svg, "line", class_=f"whisker {style_of(series)}", x1=px, x2=px,
                     y1=y.at(point.low), y2=y.at(point.high))
        curve(svg, series, places, False)
        for px, py in places:
            if series.style >= 0:
                marker(svg, series.style, px, py, style_of(series))
        ends.append(places[-1])
    labels = spread_out([py for _, py in ends], TOP + 2, bottom - 2, LINE)
    for series, name, (px, py), label in zip(chart.series, names, ends, labels):
        if abs(label - py) > 4 or px < right - 1:
            node(svg, "path", class_=f"leader {style_of(series)}",
                 d=path_of([(px + 4, py), (right + 11, label)]))
        node(svg, "text", name, class_=f"name {style_of(series)}", x=right + 14, y=label + 4.5)
    return svg


def flags(ends: list[float], names: list[str]) -> list[int]:
    """Rows for names that begin above the ends of their curves, so that no name covers another or
    the line from another to its curve: rows count upwards."""
    rows = [0] * len(ends)
    placed: list[int] = []
    for index in sorted(range(len(ends)), key=ends.__getitem__, reverse=True):
        reach = ends[index] + len(names[index]) * LETTER + 10
        rows[index] = max((rows[other] + 1 for other in placed if ends[other] < reach), default=0)
        placed.append(index)
    return rows


def draw_cdf(chart: Chart) -> Element:
    """Cumulative curves, each with its name above its end and a marker at its median."""
    names = [label_of(series.name) for series in chart.series]
    numbers = [point.x for series in chart.series for point in series.points]
    left, right = 54.0, WIDTH - 22
    for _ in range(4):  # the names at the right need room
        x = (logarithmic if chart.log_x else linear)(numbers, left, right)
        ends = [x.at(series.points[-1].x) for series in chart.series]
        right -= max(0.0, max(end + len(name) * LETTER + 6 - WIDTH
                              for end, name in zip(ends, names)))
    rows = flags(ends, names)
    top = TOP + (max(rows) + 1) * LINE
    bottom = top + HEIGHT - TOP - BOTTOM
    svg = canvas(chart, bottom + BOTTOM)
    y = Axis(0, 1, bottom, top, False, (0, .25, .5, .75, 1))
    frame(svg, x, y, [tick_text(number, chart.x_unit) for number in x.ticks],
          [f"{number:.0%}" for number in y.ticks], "time until it is followed")
    for series, name, end, row in zip(chart.series, names, ends, rows):
        color = style_of(series)
        places = [(x.at(series.points[0].x), bottom)]
        places += [(x.at(point.x), y.at(point.y)) for point in series.points]
        curve(svg, series, places, True)
        half = middle(series)
        marker(svg, series.style, x.at(half.x), y.at(half.y), color)
        level = top - 4 - row * LINE
        node(svg, "path", class_=f"leader {color}", d=path_of([(end, top), (end, level - 10)]))
        node(svg, "text", name, class_=f"name {color}", x=end + 4, y=level)
    return svg


def draw_bars(chart: Chart) -> Element:
    """Bars of ratios, a group for each; the line is the direct path."""
    rows = sum(len(group.bars) + 1 for group in chart.bars)
    row = 20.0
    svg = canvas(chart, rows * row + len(chart.bars) * 8 + 20)
    longest = max(len(label_of(name)) for group in chart.bars for name, _, _ in group.bars)
    left = longest * LETTER + 14
    top = max(max(e.high for group in chart.bars for _, _, e in group.bars), 1.0)
    x = linear([top], left, WIDTH - 52)
    down = 16.0
    for group in chart.bars:
        node(svg, "text", group.title, class_="tick", x=left, y=down)
        begin = down + 6
        for name, style, estimate in group.bars:
            color = "cf" if style < 0 else f"c{style % STYLES}"
            down += row
            node(svg, "text", label_of(name), class_=f"name {color}", x=left - 8, y=down + 2,
                 text_anchor="end")
            bar = node(svg, "path", class_=f"bar {color}",
                       d=f"M{left:.1f} {down - 9:.1f}H{x.at(estimate.value):.1f}v12H{left:.1f}Z")
            bar.set("data-series", name)
            node(svg, "line", class_=f"whisker {color}", x1=x.at(estimate.low),
                 x2=x.at(estimate.high), y1=down - 3, y2=down - 3)
            node(svg, "text", f"{estimate.value:.2f}", class_="tick", x=x.end + 8, y=down + 2)
        node(svg, "line", class_="one", x1=x.at(1), x2=x.at(1), y1=begin, y2=down + 7)
        down += row + 8
    return svg


def draw(chart: Chart) -> str:
    """The chart as markup that stands in a page."""
    kinds = {"curves": draw_curves, "cdf": draw_cdf, "bars": draw_bars}
    return ElementTree.tostring(kinds[chart.kind](chart), encoding="unicode")
