"""The saved page: at design points it says what runs say, and how far off it is in between is measured."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from statistics import median
from typing import Any

import pytest

import sim
from sim.errors import InputError
from sim.explore.page import FOLDER
from sim.explore.surface import Cell, Surface, between, cell_of
from sim.explore.twin import twin
from tests.explore.conftest import RANGES, asked
from tests.explore.test_server import EVIL, Seen


def test_what_is_linear_is_met_exactly() -> None:
    """f(x, y) = x + 10 y on three levels by two, at every place between."""
    xs, ys = (0, 4, 8), (0, 2)
    surface = Surface((xs, ys), {"a": {"p50": [[x + 10.0 * y for y in ys] for x in xs]}})
    assert cell_of(xs, 5) == Cell(1, 2, 0.25)
    assert cell_of(xs, 8) == Cell(2, 2, 0.0)
    for x in range(9):
        for y in range(3):
            assert surface.at("a", "p50", (x, y)) == pytest.approx(x + 10 * y)


def test_next_to_failures_nothing_is_said() -> None:
    """A place that is no design point has no value where one of its neighbours has none."""
    values = [1.0, None, 3.0]
    assert between(values, [Cell(0, 0, 0.0)]) == 1.0
    assert between(values, [Cell(0, 1, 0.5)]) is None


@pytest.fixture(scope="module")
def made() -> str:
    """The page of one slider: nine or ten places and twelve others, two runs of each variant."""
    return twin(asked(runs=2), ["clients.dev.up"], 1, engine="reference")


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text)
    assert found is not None
    read: dict[str, Any] = json.loads(found[1])
    return read


def rows_of(text: str, caption: str) -> list[list[str]]:
    """The cells of a table, by its caption."""
    table = text[text.index(f"<caption>{caption}</caption>") :]
    table = table[: table.index("</table>")]
    rows = re.findall(r"<tr>(.*?)</tr>", table[table.index("<tbody>") :])
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


@pytest.mark.slow
def test_the_hold_out_error_is_what_runs_say(made: str) -> None:
    """Places that were held out are run again, apart from the page: its points, interpolated, err as it prints."""
    data, question = data_of(made), asked(runs=2)
    (levels,) = data["levels"]
    up = question.sliders[0]
    off = []
    for value, *_ in rows_of(made, "Places that were run to check, and what this page says there"):
        place = up.texts.index(value)
        assert place not in levels
        outcome = sim.compare(
            question.scenario.with_({"clients.dev.up": value}), runs=2, executor="serial", engine="reference"
        )
        above = next(at for at, level in enumerate(levels) if level > place)
        share = (place - levels[above - 1]) / (levels[above] - levels[above - 1])
        for name in ("central", "node-direct"):
            logs = data["logs"][name]["p50"]
            said = math.exp(logs[above - 1] * (1 - share) + logs[above] * share)
            off.append(abs(said / outcome.values[name]["deploy_latency_s.p50"].mean() - 1))
    assert len(off) > 12
    printed = f"{100 * median(off):.2g} % at the median, {100 * max(off):.2g} % at worst"
    assert f"Hold-out error of p50, at {len(off) // 2} other places that were run to check: {printed}" in made


@pytest.mark.slow
def test_the_page_is_one_file(made: str) -> None:
    """It needs nobody: no request, one script by its digest; its numbers are there without the script, too."""
    assert "connect-src" not in made
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", made)
    assert len(rows_of(made, "Design points")) == len(data_of(made)["levels"][0])
    assert "--set &#39;" not in made  # the file's own figures are where it starts


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_script_interpolates_as_the_measured_error_does(made: str) -> None:
    """The page's own functions give what `Surface` gives, at every place of the slider."""
    data = data_of(made)
    (levels,) = data["levels"]
    functions = (FOLDER / "twin.js").read_text().split("\n\n", 1)[1].split("function seconds")[0]
    ask = f"const [levels, logs, last] = {json.dumps([levels, data['logs']['central']['p50'], levels[-1]])};"
    say = "for (let p = 0; p <= last; p++) console.log(between(logs, [cellOf(levels, p)]))"
    ended = subprocess.run(["node", "-e", functions + ask + say], capture_output=True, text=True, check=True)
    surface = Surface((tuple(levels),), data["logs"])
    assert [*map(float, ended.stdout.split())] == pytest.approx(
        [surface.at("central", "p50", (place,)) for place in range(levels[-1] + 1)]
    )


def test_names_in_the_page_are_text() -> None:
    """Hostile names add no element, and in the page's data no tag can end the script that holds it."""
    hostile = RANGES.replace("Which way?", EVIL).replace("variants.central", f'variants."{EVIL}"')
    made = twin(asked(updates(hostile), runs=2), ["demand.updates"], 1, engine="reference")
    tags = Seen(made).tags
    assert tags.count("script") == 2
    assert not {"img", "iframe"} & {*tags}
    data = data_of(made)
    assert data["baseline"].startswith("</script><img")
    # Cells name variants by number, as a name in an attribute has its control characters written out.
    cells = {*re.findall(r'data-of="(.*?)"', made)}
    assert {data["names"][int(cell)] for cell in cells} == {*data["logs"]}


def updates(text: str) -> str:
    """With a figure of which every place is a design point."""
    return text.replace("updates = 0.5", "updates = { value = 0.5, assumption = true, range = [0.499, 0.501] }")


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        (["clients.dev.upp"], 'is no figure with a range, got "clients.dev.upp"; did you mean "clients.dev.up"?'),
        (["clients.dev.up", "clients.dev.rtt", "demand.rate", "demand.updates"], "name 3 at most"),
    ],
)
def test_figures_that_cannot_vary_are_one_line(vary: list[str], said: str) -> None:
    """Before anything is run."""
    with pytest.raises(InputError) as raised:
        twin(asked(updates(RANGES)), vary)
    assert said in str(raised.value)
