"""The page in a browser: headless Chromium, as Debian packages it."""
from __future__ import annotations

import pathlib
import tempfile
import unittest
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

import lines  # lets the modules of the report be found
import example
import page
from document import Document, build
from results import parse

WIDTHS = (400, 1400)
SMALLEST = 11   # pixels of a letter's height
CONTRAST = 4.5  # WCAG 2, level AA
NO_TEXT = "html, head, head *, script, style, title, desc"

# Every plot: its size, what it draws and how large, and where its texts are. A place counts as
# inside if it is within half a pixel of the border.
PLOTS = """
return Array.from(document.querySelectorAll('figure')).map(figure => {
  const svg = figure.querySelector('svg'), box = svg.getBoundingClientRect();
  const inside = node => {
    const b = node.getBoundingClientRect();
    return b.left >= box.left - .5 && b.right <= box.right + .5 &&
           b.top >= box.top - .5 && b.bottom <= box.bottom + .5;
  };
  const seen = node => {
    const b = node.getBoundingClientRect(), s = getComputedStyle(node);
    const paint = node.classList.contains('bar') ? s.fill : s.stroke;
    return b.width > 0 && s.visibility == 'visible' && s.opacity > 0 && paint != 'none';
  };
  const drawn = Array.from(svg.querySelectorAll('[data-series]'));
  const texts = Array.from(svg.querySelectorAll('text'));
  const over = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 &&
                         a.top < b.bottom - 3 && b.top < a.bottom - 3;
  const boxes = texts.map(node => node.getBoundingClientRect());
  return {
    anchor: figure.id, width: box.width, height: box.height,
    caption: figure.querySelector('figcaption').textContent.trim(),
    title: svg.querySelector('title').textContent, desc: svg.querySelector('desc').textContent,
    series: Array.from(new Set(drawn.map(node => node.dataset.series))),
    hidden: drawn.filter(node => !seen(node)).map(node => node.dataset.series),
    outside: drawn.concat(texts).filter(node => !inside(node)).map(node => node.outerHTML),
    covered: texts.filter((_, i) => boxes.some((b, j) => i < j && over(boxes[i], b)))
                  .map(node => node.textContent),
  };
});
"""

# Every text: how tall its letters are on the screen, and its contrast to what is behind it.
TEXTS = """
const light = color => {
  const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b;
};
const behind = node => {
  for (let n = node; n; n = n.parentElement) {
    const color = getComputedStyle(n).backgroundColor;
    if (color != 'rgba(0, 0, 0, 0)') return color;
  }
  return 'rgb(255, 255, 255)';
};
const found = [];
for (const node of document.querySelectorAll('body *:not(' + arguments[0] + ')')) {
  const own = Array.from(node.childNodes).some(c => c.nodeType == 3 && c.data.trim());
  if (!own || !node.getClientRects().length) continue;
  const style = getComputedStyle(node), svg = node.ownerSVGElement;
  const scale = svg ? node.getScreenCTM().a : 1;
  const a = light(svg ? style.fill : style.color), b = light(behind(node));
  found.push([node.textContent.trim().slice(0, 40), parseFloat(style.fontSize) * scale,
              (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
}
return found;
"""


class Page(unittest.TestCase):
    """The example's page."""

    document: Document
    browser: webdriver.Chrome

    @classmethod
    def setUpClass(cls) -> None:
        cls.document = build(parse(example.dump(example.lines()), "example"))
        folder = tempfile.TemporaryDirectory(prefix="switchyard-page-")
        cls.addClassCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "page.html"
        path.write_text(page.render(cls.document), encoding="utf-8")
        cls.address = path.as_uri()
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--no-first-run", "--disable-background-networking",
                     f"--user-data-dir={folder.name}/profile"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        cls.addClassCleanup(cls.browser.quit)

    def show(self, width: int, scheme: str = "light", media: str = "") -> None:
        """Loads the page anew."""
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        self.browser.get(self.address)

    def script(self, text: str, *arguments: Any) -> Any:
        return self.browser.execute_script(text, *arguments)

    def test_nothing_is_wrong_and_nothing_is_fetched(self) -> None:
        self.show(1400)
        self.assertEqual(self.browser.get_log("browser"), [])
        self.assertEqual(self.script(
            "return performance.getEntriesByType('resource').map(entry => entry.name)"), [])
        self.assertEqual(self.script("return document.scripts.length"), 0)
        self.assertEqual(self.script("return document.compatMode"), "CSS1Compat")
        ids = self.script("return Array.from(document.querySelectorAll('[id]')).map(n => n.id)")
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(self.script(
            "return Array.from(document.querySelectorAll('a')).filter(a => "
            "!document.getElementById(a.getAttribute('href').slice(1))).length"), 0)

    def test_every_plot_that_was_promised_is_there_and_visible(self) -> None:
        charts = [chart for section in self.document.sections for group in section.groups
                  for chart in group.charts]
        kinds = {chart.kind for chart in charts}
        self.assertEqual(kinds, {"curves", "cdf", "bars"})
        for width in WIDTHS:
            self.show(width)
            plots = self.script(PLOTS)
            self.assertEqual([plot["anchor"] for plot in plots], [chart.anchor for chart in charts])
            for plot, chart in zip(plots, charts):
                with self.subTest(width=width, plot=plot["anchor"]):
                    names = {one.name for one in chart.series} | \
                        {name for group in chart.bars for name, _, _ in group.bars}
                    self.assertEqual(set(plot["series"]), names)
                    self.assertEqual((plot["hidden"], plot["outside"], plot["covered"]),
                                     ([], [], []))
                    self.assertGreater(plot["width"], 300)
                    self.assertGreater(plot["height"], 100)
                    self.assertTrue(plot["caption"] and plot["title"] and plot["desc"])

    def test_the_page_itself_never_scrolls_sideways(self) -> None:
        for width in WIDTHS:
            self.show(width)
            self.assertLessEqual(self.script("return document.documentElement.scrollWidth"),
                                 self.script("return document.documentElement.clientWidth"))
            # What is wider than the screen is in a box that scrolls, with the keyboard too.
            self.assertEqual(self.script(
                "return Array.from(document.querySelectorAll('table')).filter(table => {"
                "const box = table.closest('.scroll'); return !box || box.tabIndex < 0 ||"
                "getComputedStyle(box).overflowX != 'auto'; }).length"), 0)

    def test_texts_are_large_enough_and_stand_out(self) -> None:
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                self.show(width, scheme)
                texts = self.script(TEXTS, NO_TEXT)
                self.assertGreater(len(texts), 500)
                self.assertEqual([text for text in texts if text[1] < SMALLEST], [])
                self.assertEqual([text for text in texts if text[2] < CONTRAST], [])

    def test_light_and_dark_differ_and_paper_is_white(self) -> None:
        colours = []
        for scheme, media in (("light", ""), ("dark", ""), ("dark", "print")):
            self.show(1400, scheme, media)
            colours.append(self.script("return getComputedStyle(document.body).backgroundColor"))
            if media:
                # A sheet of A4 between margins of 14 mm: nothing scrolls on paper.
                self.show(688, scheme, media)
                self.assertLessEqual(
                    self.script("return document.documentElement.scrollWidth"), 688)
                self.assertEqual([text for text in self.script(TEXTS, NO_TEXT)
                                  if text[2] < CONTRAST], [])
        self.assertEqual(colours[0], colours[2])
        self.assertNotEqual(colours[0], colours[1])


if __name__ == "__main__":
    unittest.main()
