"""A published race of three tools that copy: the corpus that stands for theirs, and what the model makes of it."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import pytest

from sim.calibrate.published import Compared, compare
from sim.workload.logs import handwritten

FOLDER = Path(__file__).parents[2] / "scenarios/published"
#: Of clowdhaus/ocync, bench/results/ecr.json, and tags of bench/corpus.yaml: three of one repository, two of ten.
TAGS = [0, 0, 0, *(one for repository in range(1, 11) for one in (repository,) * 2), *range(11, 39)]
PLATFORMS, DISTINCT, REPEATED = 227, 1370, 324
DISTINCT_BYTES, ALL_BYTES, CONFIG_BYTES = 55_289_262_907, 65_301_771_009, 1_882_452 // 227
#: FAST'18: 65 % of layers under 1 MB and 80 % under 10 MB.
NORMAL = NormalDist()
SPREAD = 2.302585092994046 / (NORMAL.inv_cdf(0.80) - NORMAL.inv_cdf(0.65))
MIDDLE_BYTES = 1e6 * 2.718281828459045 ** (-SPREAD * NORMAL.inv_cdf(0.65))


def layer_sizes() -> list[int]:
    """The quantiles of FAST'18's layers, the largest cut so that they and the configs add up to what was fetched."""
    count, wanted = DISTINCT - PLATFORMS, DISTINCT_BYTES - PLATFORMS * CONFIG_BYTES
    drawn = [MIDDLE_BYTES * 2.718281828459045 ** (SPREAD * NORMAL.inv_cdf((at + 0.5) / count)) for at in range(count)]
    low, high = 1e6, 1e11
    while high - low > 0.5:
        middle = (low + high) / 2
        low, high = (middle, high) if sum(min(size, middle) for size in drawn) < wanted else (low, middle)
    return [max(1, round(min(size, low))) for size in drawn]


def corpus() -> list[str]:
    """The rows of the log: an image a platform, tag after tag; no layer is twice in one repository."""
    sizes = layer_sizes()
    count, more = len(sizes), ALL_BYTES - DISTINCT_BYTES
    # Of layers that lie beside each other in size, those that together have the bytes of the repeated ones.
    first = min(range(count - REPEATED), key=lambda at: abs(sum(sizes[at : at + REPEATED]) - more))
    tag_of = sorted(range(PLATFORMS), key=lambda number: number % len(TAGS))
    layers: list[list[int]] = [[] for _ in range(PLATFORMS)]
    for place in range(count):
        layer = place * 467 % count  # coprime: large and small ones are mixed
        home = place % PLATFORMS
        layers[home].append(layer)
        if first <= layer < first + REPEATED:
            other = next(
                at % PLATFORMS
                for at in range(home + 113, home + 113 + PLATFORMS)
                if TAGS[at % PLATFORMS % len(TAGS)] != TAGS[home % len(TAGS)]
            )
            layers[other].append(layer)
    rows = []
    for at, number in enumerate(tag_of):
        tag = number % len(TAGS)
        blobs = " ".join(f"l{layer}={sizes[layer]}" for layer in layers[number])
        rows.append(f"{10 * at},push,builder,1,bench/r{TAGS[tag]},t{tag},{blobs} c{number}={CONFIG_BYTES}")
    return rows


@pytest.fixture(scope="module")
def raced() -> dict[tuple[str, str], Compared]:
    """Each published figure of the race beside the simulated one, by tool and figure."""
    return {(one.row.variant, one.row.metric): one for one in compare(FOLDER, "ocync.toml")}


def test_the_corpus_has_what_was_published_of_it() -> None:
    """The shipped log is the one that the rule gives: as many repositories, tags, images, blobs and bytes."""
    path = FOLDER / "ocync.operations.csv"
    shipped = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert shipped[1:] == corpus()
    pushes = list(handwritten.operations(str(path)))
    stored = {(push.repository, digest): size for push in pushes for digest, size in push.blobs}
    distinct = {digest: size for push in pushes for digest, size in push.blobs}
    assert len({push.repository for push in pushes}) == 39
    assert len({(push.repository, push.reference) for push in pushes}) == 51
    assert (len(pushes), len(stored), len(distinct)) == (227, 1694, 1370)
    assert sum(stored.values()) == pytest.approx(65_301_771_009, rel=1e-3)
    assert sum(distinct.values()) == pytest.approx(55_289_262_907, rel=1e-3)


def test_the_tool_that_was_fitted_is_met(raced: dict[tuple[str, str], Compared]) -> None:
    """One figure was fitted, and it is met; nothing else is called fitted."""
    fitted = {key for key, one in raced.items() if one.row.fitted}
    assert fitted == {("regsync", "copies_s")}
    assert abs(raced["regsync", "copies_s"].error) < 1e-3


def test_what_a_tool_asks_is_predicted_from_its_source(raced: dict[tuple[str, str], Compared]) -> None:
    """Requests come short by what is left out (logging in, indexes), some eight of a tag: by no more than a tenth."""
    for tool in ("regsync", "dregsy", "ocync"):
        assert -0.1 < raced[tool, "requests"].error < 0


def test_a_tool_that_mounts_copies_each_layer_once(raced: dict[tuple[str, str], Compared]) -> None:
    """What lies in two repositories crosses once where the tool mounts, as it did in the published run."""
    for tool in ("dregsy", "ocync"):
        assert abs(raced[tool, "copied_bytes"].error) < 2e-3


def test_the_tools_come_in_in_order_but_for_the_one_that_was_first_by_far(
    raced: dict[tuple[str, str], Compared],
) -> None:
    """The tool with 48 blobs under way is predicted to be first, as it was; the slowest is predicted too fast."""
    took_s = {tool: raced[tool, "copies_s"].simulated for tool in ("regsync", "dregsy", "ocync")}
    assert took_s["ocync"] < took_s["dregsy"]
    assert took_s["ocync"] < took_s["regsync"]
    assert raced["dregsy", "copies_s"].error < 0
