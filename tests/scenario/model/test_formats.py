"""Formats of layers in a scenario: those that ship, figures that are changed, formats of one's own, and what is odd."""

from __future__ import annotations

from typing import Any

import pytest

from sim.errors import InputErrors
from sim.registry.formats import FORMATS
from sim.scenario import Scenario
from sim.scenario.model.formats import format_named

DOCUMENT: dict[str, Any] = {
    "topology": {"shape": "star"},
    "nodes": {"n": {}},
    "clients": {"dev": {}},
    "images": {"app": {"rootfs": "10 MB"}},
}


def made(**changes: Any) -> Scenario:
    """A small scenario with these keys, `__` for the dots."""
    return Scenario.from_document(DOCUMENT, "f.toml", {key.replace("__", "."): to for key, to in changes.items()})


def test_without_a_format_there_is_none() -> None:
    """Layers travel as they are unless an image says otherwise."""
    assert format_named(made().images["app"].format, {}) is None


def test_a_figure_of_a_format_that_ships_is_changed_alone() -> None:
    """Another rate of gzip leaves its other figures what they are."""
    chosen = made(images__app__format="gzip", formats__gzip__rate="90 MB/s")
    found = format_named("gzip", chosen.formats)
    assert found is not None
    assert (found.rate_Bps, found.wire, found.written) == (90e6, FORMATS["gzip"].wire, 1.0)


def test_a_format_of_ones_own_begins_as_what_is_not_packed() -> None:
    """It travels and is written whole, and decompressing takes no time, unless it says so."""
    chosen = made(images__app__format="own", formats__own={"wire": 0.5, "boot": "1 s"})
    found = format_named("own", chosen.formats)
    assert found is not None
    assert (found.wire, found.rate_Bps, found.written, found.boot_s) == (0.5, 0.0, 1.0, 1 / 2**30)


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    """One line says which key, what it is, and what was meant."""
    with pytest.raises(InputErrors, match=r'images\.app\.format: unknown format, got "gzp"; did you mean "gzip"'):
        made(images__app__format="gzp")


@pytest.mark.parametrize("wire", [0, -1, "half", True])
def test_a_share_is_a_number_above_zero(wire: object) -> None:
    """Nothing travels for nothing."""
    with pytest.raises(InputErrors, match=r"formats\.own"):
        made(images__app__format="own", formats__own={"wire": wire})


def test_a_format_that_is_smaller_and_says_no_rate_is_doubted() -> None:
    """Half the bytes that are made whole in no time are hardly what somebody meant; with a rate they may be."""

    def doubts(**own: Any) -> list[str]:
        chosen = made(images__app__format="own", formats__own={"wire": 0.5, **own})
        return [each.code for each in chosen.warnings if "formats" in each.where]

    assert doubts() == ["format-without-rate"]
    assert doubts(rate="1 GB/s") == []


def test_keys_of_unpacking_have_no_effect_where_nothing_is_unpacked() -> None:
    """Neither cores, nor the order of layers, nor a format that no image has."""
    idle = {
        each.where for each in made(nodes__n__cores=2, formats__own={"wire": 0.5}).warnings if each.code == "no-effect"
    }
    assert any("nodes.n.cores" in where for where in idle)
    assert any("formats.own" in where for where in idle)
    busy = made(nodes__n__cores=2, images__app__format="gzip").warnings
    assert not [each for each in busy if "cores" in each.where]
