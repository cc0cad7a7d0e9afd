"""The report as one HTML page that needs nothing besides itself."""
from __future__ import annotations

import os

import jinja2
from markupsafe import Markup

from charts import Chart
from document import METHOD, Document
from drawing import draw

HERE = os.path.dirname(os.path.abspath(__file__))


def picture(chart: Chart) -> Markup:
    """Markup that ElementTree has escaped."""
    return Markup(draw(chart))


def render(document: Document) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    with open(os.path.join(HERE, "page.css"), encoding="utf-8") as file:
        style = Markup(file.read())
    return environment.get_template("page.html.j2").render(
        document=document, method=METHOD, picture=picture, style=style)
