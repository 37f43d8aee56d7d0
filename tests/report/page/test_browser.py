"""Pages in a real browser: silent, asking nothing, printed whole, of use without script, and open to everybody.

Debian's Chromium is driven by Playwright, and axe looks for what shuts people out (WCAG 2.2, A and AA, and its own best
practices). `make browser-tools` brings the three; where one is missing these tests skip and say so.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.cli.pages import FOLDER
from tests.small_question import Answer

playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright here; make browser-tools brings it")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here; make browser-tools brings it")

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RIG = Path(__file__).parents[2] / "rig"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium here; make browser-tools brings it"),
]

Ask = Callable[..., Answer]

_SERIAL = ("--engine", "reference", "--executor", "serial")
_UP = "clients.dev.up=10 Mbit/s..50 Mbit/s"
#: What makes a result of each kind, by the verb that its page is of.
ASKED = {
    "run": ("run", "small.toml", "--variant", "central", "--engine", "reference"),
    "compare": ("compare", "small.toml", *_SERIAL, "--runs", "2", "--gains", "1", "--by", "client",
                "--until", "deploy_latency_s.p95 < 2 s"),
    "sweep": ("sweep", "small.toml", *_SERIAL, "--runs", "1", "--vary", "clients.dev.up=10 Mbit/s,50 Mbit/s"),
    "sensitivities": ("sweep", "small.toml", *_SERIAL, "--runs", "1", "--design", "morris:2", "--vary", _UP,
                      "--vary", "demand.nodes=1..2"),
    "capacity": ("capacity", "small.toml", *_SERIAL, "--runs", "3", "--vary", _UP, "--within", "50 %",
                 "--until", "deploy_latency_s.p50 < 3 s"),
    "crossover": ("crossover", "small.toml", *_SERIAL, "--runs", "3", "--vary", "demand.nodes=1..2",
                  "--metric", "deploy_latency_s.p50"),
    "best": ("best", "small.toml", *_SERIAL, "--runs", "10"),
    "replay": ("replay", "replay", "--engine", "reference"),
    "score": ("score", "rig.json", "rig.csv"),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once."""
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


class Seen:
    """A page as a browser shows it: what it said on its console, and what it asked for."""

    def __init__(
        self, browser: Any, place: Path, *, width: int = 1000, script: bool = True, dark: bool = False,
        moving: bool = False,
    ) -> None:  # fmt: skip
        self.context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=script,
            color_scheme="dark" if dark else "light", reduced_motion="no-preference" if moving else "reduce",
        )  # fmt: skip
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = place.resolve().as_uri()
        self.page.goto(self.url)

    def is_silent(self) -> bool:
        """Whether it complained of nothing, and asked for itself alone."""
        return self.said == [] and [url for url in self.asked if not url.startswith("data:")] == [self.url]

    def shuts_out(self) -> list[str]:
        """What axe has against it, and where."""
        found = axe.Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def written(kind: str, regsim: Ask) -> Path:
    """The page of such a result."""
    if kind == "score":
        first, *_ = json.loads((RIG / "cubic.json").read_text())
        head, *lines = (RIG / "cubic.csv").read_text().splitlines()
        measured = [line for line in lines if line.startswith(f"{first['name']},")]
        Path("rig.json").write_text(json.dumps([first]))
        Path("rig.csv").write_text("\n".join([head, *measured]))
    answer = regsim(*ASKED[kind], "--out", kind, *(() if kind == "score" else ("--quiet",)))
    assert answer.code in (0, 98, 99), answer.err
    assert regsim("report", kind, "--quiet").code == 0
    return Path(kind) / "report.html"


def cut_on_paper(page: Any) -> list[str]:
    """What is wider than a sheet of A4, where nothing scrolls, or is for hands that paper has not."""
    page.set_viewport_size({"width": 703, "height": 1000})
    page.emulate_media(media="print")
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll(".scroll, pre, .filter, .player")].filter((each) => each.checkVisibility()
            && (each.scrollWidth > each.clientWidth + 1 || each.matches(".filter, .player"))).map((each) =>
            each.getAttribute("aria-label") ?? each.className)"""
    )
    page.emulate_media(media="screen")
    return found


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.usefixtures("small")
def test_a_page_is_for_everybody(kind: str, regsim: Ask, browser: Any) -> None:
    """Silent, without requests, accessible in light, and in dark on a phone; printed; of use without script."""
    place = written(kind, regsim)
    for width, dark in ((1000, False), (390, True)):
        seen = Seen(browser, place, width=width, dark=dark)
        seen.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        for opener in seen.page.query_selector_all(".player button"):
            opener.press("Enter")
        assert seen.is_silent(), (seen.said, seen.asked)
        assert seen.shuts_out() == []
        # Nothing but what scrolls by itself is wider than the window.
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        if not dark:
            assert seen.page.pdf(format="A4").startswith(b"%PDF")
            assert cut_on_paper(seen.page) == []
        seen.context.close()
    bare = Seen(browser, place, script=False)
    assert bare.is_silent(), (bare.said, bare.asked)
    assert bare.page.locator("main section").first.locator("h2").is_visible()
    assert len(bare.page.locator("main section").first.inner_text()) > 40
    bare.context.close()


@pytest.mark.usefixtures("small")
def test_tables_are_sorted_by_the_keyboard(regsim: Ask, browser: Any) -> None:
    """Enter on a head sorts by its column, and a second one turns that round."""
    seen = Seen(browser, written("compare", regsim))
    table = seen.page.locator("table[data-sort]").first
    table.evaluate("each => { const d = each.closest('details'); if (d) d.open = true; }")
    head = table.locator("thead button").first
    orders = []
    for _ in range(2):
        head.press("Enter")
        orders.append(table.locator("tbody tr th").all_inner_texts())
    assert orders[0] == orders[1][::-1]
    assert table.locator("thead th").first.get_attribute("aria-sort") == "descending"
    seen.context.close()


@pytest.mark.usefixtures("small")
def test_a_run_is_played_back_on_its_maps_by_the_keyboard(regsim: Ask, browser: Any) -> None:
    """Enter opens two maps at the first minute, an arrow goes to the next, and Play goes on until pressed again."""
    seen = Seen(browser, written("compare", regsim), moving=True)
    player, maps = seen.page.locator(".player"), seen.page.locator(".player svg.map")
    assert maps.count() == 0
    player.locator("button").press("Enter")
    assert maps.count() == 2
    assert player.locator("output").inner_text().startswith("0 min to 1 min")
    slider, play = player.locator("input"), player.locator("button")
    slider.press("ArrowRight")
    assert player.locator("output").inner_text().startswith("1 min to 2 min")
    # What stands on the map is what the page has for that minute.
    played = json.loads(player.get_attribute("data-playback"))
    for at, variant in enumerate(played["variants"]):
        for line in maps.nth(at).locator("[data-link]").all():
            digit = variant["use"].get(line.get_attribute("data-link"), "--")[1]
            assert line.get_attribute("class") == ("u u0 none" if digit == "-" else f"u u{digit}")
    play.press("Enter")
    assert play.inner_text() == "Pause"
    for _ in range(100):  # the page's policy forbids what Playwright itself would wait by
        if int(slider.input_value()) > 2:
            break
        seen.page.wait_for_timeout(50)
    assert int(slider.input_value()) > 2
    play.press("Enter")
    assert play.inner_text() == "Play"
    assert seen.is_silent()
    seen.context.close()


@pytest.mark.usefixtures("small")
def test_nothing_moves_where_that_is_not_wanted(regsim: Ask, browser: Any) -> None:
    """With reduced motion there is the slider alone."""
    seen = Seen(browser, written("run", regsim))
    seen.page.locator(".player button").press("Enter")
    assert seen.page.locator(".player button").is_hidden()
    assert seen.page.evaluate("document.activeElement.type") == "range"
    seen.context.close()


@pytest.mark.usefixtures("small")
def test_the_map_as_a_file_of_its_own_is_shown(regsim: Ask, browser: Any) -> None:
    """`regsim map` writes an SVG that a browser draws without a word, and whose title says what it shows."""
    assert regsim("map", "metros", "--out", "map.svg", "--quiet").code == 0
    seen = Seen(browser, Path("map.svg"))
    assert seen.is_silent()
    assert "places" in seen.page.locator("svg > title").first.text_content()
    seen.context.close()


def test_drawings_of_the_documentation_are_shown(browser: Any) -> None:
    """Those that ship beside the pages of `regsim docs`."""
    drawings = sorted(FOLDER.rglob("*.svg"))
    assert drawings
    for place in drawings:
        seen = Seen(browser, place)
        assert seen.is_silent()
        seen.context.close()
