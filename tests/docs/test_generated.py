"""Pages and drawings that are read off the code say what the code says now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sim
from sim.cli import exit_codes
from sim.cli.app import VERBS
from sim.docs import commands, generated, layers, picture, rooms, walk
from sim.docs.documents import ASKED, Either, joined, shape, shown
from sim.docs.python_reference import signature
from sim.docs.warnings_reference import OTHERS
from sim.policies.snapshot import PlacementView
from sim.scenario.describe import keys
from sim.scenario.warnings.rules import ACROSS, WARNINGS
from sim.tables import rows

ROOT = Path(__file__).parents[2]
#: Pages that take longer: they run a scenario, or one by every verb.
LONG = {"explanation/walk.md": pytest.mark.integration, "reference/documents.md": pytest.mark.slow}


@pytest.mark.parametrize("name", [pytest.param(name, marks=LONG.get(name, ())) for name in generated.PAGES])
def test_a_page_is_as_the_code_would_have_it(name: str) -> None:
    """Made anew it is the same; `python -m sim.docs` writes it where it is not."""
    assert not generated.changed(name)


def test_signatures_are_written_as_in_the_code() -> None:
    """With the types' names, also those of a named tuple's fields, and not with what Python keeps them in."""
    assert signature(PlacementView).startswith("(nodes: tuple[int, ...], local: int, wanted: int, ")


def test_a_page_that_trails_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not there is written, one that says something else is written again, one that is right is left."""
    monkeypatch.setattr(generated, "FOLDER", tmp_path)
    monkeypatch.setattr(generated, "PAGES", {"reference/a.md": lambda: "new\n"})
    assert generated.changed("reference/a.md")
    assert [*generated.write()] == ["reference/a.md"]
    assert [*generated.write()] == []
    (tmp_path / "reference/a.md").write_text("old\n")
    assert generated.changed("reference/a.md")
    assert [*generated.write()] == ["reference/a.md"]


def test_every_key_is_in_its_reference() -> None:
    """Each key that a scenario may have, but for the name of a rule, whose rule's own entry says it."""
    text = (generated.FOLDER / "reference/scenario-keys.md").read_text()
    told = set(re.findall(r"^- `([^`]+)`: ", text, flags=re.MULTILINE))
    assert {key for key in keys.keys() if not key.endswith((".name", ".shape"))} <= told  # noqa: SIM118 - a function
    assert told <= set(keys.keys())


def test_every_column_is_in_its_reference() -> None:
    """With its meaning."""
    text = (generated.FOLDER / "reference/tables.md").read_text()
    for name, columns in rows.TABLES.items():
        part = text[text.index(f"## {name}\n") :]
        for column in columns:
            assert f"- `{column.name}`: ({column.kind})" in part


def test_exit_codes_are_those_that_the_program_ends_with() -> None:
    """The help's words and the numbers of `exit_codes` are about the same codes."""
    codes = {value for name, value in vars(exit_codes).items() if name.isupper() and type(value) is int}
    assert set(commands.exit_codes()) == codes


def test_every_verb_has_its_section_and_every_document_its_shape() -> None:
    """A verb that is added is told of; one that prints a document is asked for it, but for those that take long."""
    text = (generated.FOLDER / "reference/commands.md").read_text()
    assert re.findall(r"^## regsim ([a-z]+)$", text, flags=re.MULTILINE) == [verb.__name__ for verb in VERBS]
    asked = {title.split()[0] for title in ASKED}
    assert {verb.__name__ for verb in VERBS} - asked == {"schema", "score", "selftest", "report", "map", "explore"}


def test_every_code_of_a_warning_is_told() -> None:
    """What is raised anywhere under a code stands in the reference."""
    sources = [path.read_text() for path in sorted((ROOT / "sim").rglob("*.py"))]
    raised = {code for text in sources for code in re.findall(r"ScenarioWarning\(\s*\"([a-z-]+)\"", text)}
    assert raised
    assert raised <= {*WARNINGS, *ACROSS, *OTHERS}


def test_shapes_of_documents_are_joined() -> None:
    """What is there at times and at others not stays, and what differs is either."""
    assert shape({"a": 1, "b": [None, 2.5], "c": {}}) == {"a": "number", "b": [Either(("number", "null"))], "c": {}}
    assert joined([{"a": "number"}, {"b": "text"}]) == {"a": "number", "b": "text"}
    assert joined([{"a": "number"}, "null"]) == Either(({"a": "number"}, "null"))
    assert shown({"a": ["number"], "METRIC": "null"}) == '{\n  "a": [number, ...],\n  METRIC: null\n}'


def boxes(drawing: str) -> set[str]:
    return set(re.findall(r"data-box='([^']+)'", drawing))


def arrows(drawing: str) -> set[tuple[str, str]]:
    return set(re.findall(r"data-from='([^']+)' data-to='([^']+)'", drawing))


def test_the_drawing_has_every_room_and_says_every_import() -> None:
    """A box for each folder and module of the package; from one box another can be reached if, and only if, it imports
    it, at once or by others."""
    drawing = (generated.FOLDER / "explanation" / rooms.DRAWING).read_text()
    there = {path.stem for path in (ROOT / "sim").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert boxes(drawing) == {name for name in there if not name.startswith("__")}
    drawn: dict[str, set[str]] = {name: set() for name in boxes(drawing)}
    for start, end in arrows(drawing):
        drawn[start].add(end)
    assert layers.reachable(drawn) == layers.reachable(rooms.imports())
    assert layers.reduced(drawn) == drawn


def test_imports_are_read_off_a_module() -> None:
    """Those at its top, and those by a name as text; not those for type checkers, nor others' packages' inner names."""
    source = (
        "from typing import TYPE_CHECKING\nimport sim.units\nfrom sim.network import Graph\n"
        "if TYPE_CHECKING:\n    from sim.cli import app\nload('sim.report.plots')\nsay('simple text')\n"
    )
    ours = {name for name in rooms.imported(source) if name.startswith("sim.")}
    assert ours == {"sim.units", "sim.network.Graph", "sim.report.plots"}


def test_a_longer_way_stands_for_an_arrow() -> None:
    """Of three in a row that all import the last only two arrows are drawn, downwards, and a circle is refused."""
    few = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert layers.reduced(few) == {"a": {"b"}, "b": {"c"}, "c": set()}
    assert layers.levels(few) == {"a": 2, "b": 1, "c": 0}
    drawing = layers.svg({name: layers.Box(name) for name in few}, few, "three")
    assert arrows(drawing) == {("a", "b"), ("b", "c")}
    with pytest.raises(ValueError, match="a circle: a -> b -> a"):
        layers.reachable({"a": {"b"}, "b": {"a"}})


@pytest.mark.integration
def test_the_walk_s_times_add_up_to_the_row() -> None:
    """Every step is on the timeline in order, the first at the start; the last one's time is the deploy's latency."""
    result, seen = walk.walked()
    (deploy,) = result.deploys.to_dict("records")
    steps = walk.every_step()
    first = [step for step in seen.steps if step.task == seen.steps[0].task]
    assert first[0].at_s == deploy["asked_s"]
    assert [step.at_s for step in first] == sorted(step.at_s for step in first)
    assert seen.steps[-1].at_s == pytest.approx(deploy["asked_s"] + deploy["latency_s"], abs=1e-9)
    assert sum(deploy[f"{phase}_s"] for phase in rows.PHASES) == pytest.approx(deploy["latency_s"], abs=1e-9)
    assert len(seen.steps) > 100
    assert {steps[step.number].op.__name__ for step in seen.steps} >= {"request", "publish", "boot"}


@pytest.mark.slow
def test_the_picture_was_drawn_from_what_a_run_gives_now() -> None:
    """The picture of the verdict names the rows that it shows: those of the first run of each variant."""
    scenario = sim.load("metros")
    drawn = picture.drawn_from()
    assert set(drawn) == set(scenario.variants)
    for name, digest in drawn.items():
        assert sim.run(scenario, variant=name).digest == digest
