"""What is valid and may still be the wrong question: each kind on a scenario small enough to see it in the head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.scenario import Scenario

#: Two nodes and a client on a star; nothing in it is doubtful.
SMALL: Mapping[str, Any] = {
    "topology": {"shape": "star"},
    "nodes": {"n": {"count": 2}},
    "clients": {"dev": {}},
    "images": {"app": {"kernel": "10 MB", "rootfs": "1 MB"}},
}


def warned(overrides: Mapping[str, Any] | None = None, variants: Mapping[str, Any] | None = None) -> list[str]:
    """`CODE at WHERE` of each warning about the small scenario, changed, with variants if any."""
    document = {**SMALL, "variants": dict(variants or {})}
    scenario = Scenario.from_document(document, "small.toml", overrides)
    return [f"{warning.code} at {warning.where}" for warning in scenario.warnings]


def test_nothing_is_doubtful_in_a_plain_question() -> None:
    """A plain scenario, and one that compares two routes, have no warnings."""
    assert warned() == []
    assert warned(variants={"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}}) == []


def test_a_rom_has_no_kernel() -> None:
    """An image that is called a ROM and has a kernel is none; a `prom` or a ROM without a kernel is all right."""
    kernel = {"kernel": "10 MB", "rootfs": "1 MB"}
    assert warned({"images": {"web-rom": kernel, "prom": kernel, "rom": {"rootfs": "1 MB"}}}) == [
        "rom-with-kernel at small.toml: images.web-rom.kernel"
    ]


def test_variants_that_ask_the_same() -> None:
    """A variant that resolves to the same question as one before it is told, by its name."""
    variants = {"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}, "c": {}}
    assert warned(variants=variants) == ["same-variants at small.toml: variants.c"]


def test_a_doubt_of_all_variants_is_told_once() -> None:
    """What the file has is told without a variant, what one variant has is told with its name."""
    rom = {"images.rom.kernel": "1 MB", "images.rom.rootfs": "1 MB"}
    variants: dict[str, Any] = {"a": {"policies.route": "central"}, "b": {"policies.route": "node-direct"}}
    assert warned(rom, variants) == ["rom-with-kernel at small.toml: images.rom.kernel"]
    variants["b"] |= rom
    assert warned(None, variants) == ["rom-with-kernel at small.toml: variant b: images.rom.kernel"]
