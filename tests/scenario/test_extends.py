"""A scenario over another file: what comes from where, and what is wrong with a name that leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.scenario import load

BASE = """
[topology]
shape = "star"
[central]
workers = { value = 8, source = "the base" }
[nodes.n]
count = 2
[clients.dev]
[images.app]
rootfs = "1 MB"
[demand]
rate = "10/day"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "base.toml").write_text(BASE)
    (tmp_path / "presets" / "direct.toml").write_text(
        '[policies]\nroute = { value = "node-direct", source = "docs" }\n'
    )
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "question.toml"
    path.write_text(text)
    return path


def test_a_file_overrides_what_it_extends(folder: Path) -> None:
    """What the file says goes, the rest comes from its base with the source that it gives there."""
    scenario = load(written(folder, 'extends = "presets/base.toml"\n[nodes.n]\ncount = 5\n'))
    assert (scenario.nodes["n"].count, scenario.central.workers) == (5, 8)
    assert scenario.figures["central.workers"].source == "the base"


def test_a_variant_overrides_what_it_extends(folder: Path) -> None:
    """A variant may be a file of its own with something changed."""
    variants = '[variants.central]\n[variants.direct]\nextends = "presets/direct.toml"\ndemand.nodes = 2\n'
    scenario = load(written(folder, 'extends = "presets/base.toml"\n' + variants))
    direct = scenario.variant("direct")
    assert (direct.policies.route[0].name, direct.demand.nodes) == ("node-direct", 2)
    assert scenario.variant("central").policies.route[0].name == "central"


@pytest.mark.parametrize("name", ["presets/two-metros.toml", "presets/two-metros"])
def test_a_shipped_file_is_extended_from_anywhere(folder: Path, name: str) -> None:
    """By the name that it ships under, unless a file of that name stands beside the one that extends it."""
    text = f'extends = "{name}"\n[variants.a]\nextends = "{name}"\n'
    scenario = load(written(folder, text))
    assert scenario.sites == load("presets/two-metros").sites
    (folder / "presets" / Path(name).name).write_text(BASE)
    assert not load(written(folder, text)).sites


def test_bases_may_have_bases(folder: Path) -> None:
    """Paths are from the folder of the file that names them."""
    (folder / "presets" / "middle.toml").write_text('extends = "base.toml"\n[central]\nworkers = 3\n')
    scenario = load(written(folder, 'extends = "presets/middle.toml"\n'))
    assert (scenario.central.workers, scenario.nodes["n"].count) == (3, 2)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'extends = "nowhere.toml"',
            'extends: no such file, got "nowhere.toml"; paths are from the folder of the file',
        ),
        ("extends = 3", 'extends: must be a path, got 3; write extends = "presets/harbor.toml"'),
        (
            '[variants.a]\nextends = "nowhere.toml"',
            'variants.a.extends: no such file, got "nowhere.toml"; paths are from the folder of the file',
        ),
        (
            'extends = "question.toml"',
            'extends: leads back to itself, got "question.toml"; extend a file that does not extend this',
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_reported_in_one_line(folder: Path, text: str, line: str) -> None:
    """The line names the file, the key, the value and the remedy."""
    path = written(folder, text + "\n")
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: {line}"


def test_a_circle_is_reported(folder: Path) -> None:
    """Two files that extend each other are no scenario."""
    (folder / "other.toml").write_text('extends = "question.toml"\n')
    with pytest.raises(InputError, match=r"other.toml: extends: leads back to itself"):
        load(written(folder, 'extends = "other.toml"\n'))
