"""Rules of a user's own in a folder: found by their files, refused in a line, and kept as they were when loaded."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.errors import InputError, InputErrors
from sim.policies import conformance
from sim.policies.outside import read_folder, strays
from sim.policies.sketches import Sketch
from sim.policies.snapshot import PlacementView
from sim.policies.userrule import UserRule
from sim.scenario import canonical

OWN = Path(__file__).parent / "own"
FEW = {"demand.rate": "50/day", "demand.apps": 5, "run.policies_path": str(OWN)}
FIRST = '''"""The first ones."""


def place(view, parameters):
    """In the order in which they come."""
    return view.nodes[: view.wanted]
'''

Put = Callable[[str, str], Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes a file into a folder of rules, `KIND/NAME.py`."""

    def put(name: str, text: str) -> Path:
        path = tmp_path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return put


def chosen(folder: Path, name: str, **more: Any) -> sim.Scenario:
    return sim.load("metros.toml", FEW | {"run.policies_path": str(folder), "policies.placement": name} | more)


@pytest.mark.parametrize("rule", read_folder(OWN).rules.values(), ids=lambda rule: rule.name)
def test_the_worked_examples_pass(rule: UserRule) -> None:
    """The rules that the how-to shows are rules."""
    assert conformance.faults(rule) == ()


def test_a_file_is_a_rule_by_its_name() -> None:
    """`placement/warmest.py` is the placement warmest, `route/direct_if_warm.py` the route direct-if-warm."""
    assert set(read_folder(OWN).rules) == {
        ("placement", "warmest"), ("route", "direct-if-warm"), ("conflict", "later"),
    }  # fmt: skip


def test_a_scenario_chooses_from_the_folder_that_it_names(tmp_path: Path, put: Put) -> None:
    """A path is from the scenario's folder; parameters are checked and shown like those of rules that ship."""
    put("placement/warmest.py", (OWN / "placement/warmest.py").read_text())
    text = (Path(sim.load("metros.toml").name)).read_text()
    (tmp_path / "mine.toml").write_text(text)
    change = {"run.policies_path": "rules", "policies.placement": {"name": "warmest", "reach": "20 ms"}}
    scenario = sim.load(tmp_path / "mine.toml", change)
    assert '["policies.placement.reach", 0.02]' in canonical(scenario)
    with pytest.raises(InputErrors, match=r"policies.placement.reach: unknown unit"):
        scenario.with_({"policies.placement": {"name": "warmest", "reach": "20 mm"}})


def test_where_a_folder_is_does_not_decide(tmp_path: Path, put: Put) -> None:
    """Two copies of a folder make one question."""
    put("placement/warmest.py", (OWN / "placement/warmest.py").read_text())
    assert canonical(chosen(OWN, "warmest")) == canonical(chosen(tmp_path / "rules", "warmest"))


def test_a_folder_that_is_not_there_is_one_fault(tmp_path: Path) -> None:
    """The rule that was to come from there is not blamed, too."""
    with pytest.raises(InputErrors) as caught:
        chosen(tmp_path / "nowhere", "warmest")
    (fault,) = caught.value.errors
    assert fault.where.endswith("run.policies_path")
    assert "nowhere: no such folder" in fault.problem


def test_an_unknown_rule_has_near_ones_of_the_folder() -> None:
    """A mistyped name of one's own is guessed like one of those that ship."""
    with pytest.raises(InputErrors, match='unknown choice, got "warmst"; did you mean "warmest"'):
        chosen(OWN, "warmst")


def test_a_name_that_ships_is_refused(tmp_path: Path, put: Put) -> None:
    """Whoever reads sticky is to know which one it is, even where nobody chooses it."""
    path = put("placement/sticky.py", FIRST)
    with pytest.raises(InputErrors) as caught:
        chosen(tmp_path / "rules", "spread")
    assert f"{path}: the placement sticky ships with regsim; give yours another name" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def place(view, parameters)\n    pass", "line 1: is not Python: expected ':'; mend it"),
        (f"{FIRST}\nfirst = 1 / 0\n", "line 8: does not import ZeroDivisionError: division by zero; mend it"),
        (f"{FIRST}\nimport nowhere\n", "line 8: imports nowhere; leave it out: a rule may import "),
        (f"{FIRST}\nimport random\n", "line 8: imports random; leave it out: draws come with the view, and "),
        (f"{FIRST}\nfrom . import other\n", "line 8: imports .; leave it out: "),
        (FIRST.split("\n\n\n")[1], 'has no docstring; begin it with """What the rule does, in a sentence."""'),
        (FIRST.replace('    """In the order in which they come."""\n', ""), "line 4: place has no docstring; "),
        (FIRST.replace("place", "plce"), 'has no function place, which a placement is; did you mean "plce"'),
        (FIRST.replace("place", "decide"), "has no function place, which a placement is; a file with decide belongs "),
        (FIRST.replace(", parameters", ""), "line 4: place must take view and parameters, got (view); write def "),
        (FIRST.replace("parameters", "p"), "line 4: place must take view and parameters, got (view, p); write def "),
        (FIRST.replace("def place", "async def place"), "has no function place"),
        (f"{FIRST}\nParameters = 3\n", "its Parameters is no model; derive it from sim.figures.Table"),
        (f"{FIRST}\nfrom pydantic import BaseModel\nclass Parameters(BaseModel):\n    a: int = 1\n",
         "its Parameters may be changed, or have keys that it does not know; derive it from sim.figures.Table"),
        (FIRST.replace("    return", "    global n\n    n = 1\n    return"), "line 6: keeps state in n; decide by "),
        (FIRST.replace("    return", '    open("a")\n    return'), "line 6: calls open; decide by the view"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_rule_is_told_in_a_line(text: str, line: str, tmp_path: Path, put: Put) -> None:
    """File, line, what is wrong and what to do: for whoever chooses it, and for the suite."""
    path = put("placement/mine.py", text)
    with pytest.raises(InputErrors) as caught:
        chosen(tmp_path / "rules", "mine")
    assert f"policies.placement: {path}: {line}" in str(caught.value)
    (fault,) = conformance.faults(read_folder(tmp_path / "rules").rules["placement", "mine"])
    assert str(fault).startswith(f"{path}: {line}")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("placement/Mine Own.py", 'is no name for a rule, got "Mine Own"; use small letters, digits and -'),
        ("placement/mine-own.py", "is the placement mine-own, as mine-own.py is; give one of them another name"),
    ],
)
def test_names_that_cannot_be_are_told(name: str, line: str, tmp_path: Path, put: Put) -> None:
    """What no scenario could write, and two files of one name."""
    put(name, FIRST)
    put("placement/mine_own.py", FIRST)
    assert any(line in str(fault) for fault in read_folder(tmp_path / "rules").faults)


def test_what_is_no_text_is_told(tmp_path: Path, put: Put) -> None:
    """Bytes that are not UTF-8 are named."""
    put("placement/mine.py", "").write_bytes(b'"""\xff"""')
    (fault,) = read_folder(tmp_path / "rules").faults
    assert "is not UTF-8 at byte 3" in str(fault)


def test_helpers_are_no_rules(tmp_path: Path, put: Put) -> None:
    """A file that begins with _ is left alone, and so is whatever else lies in the folder."""
    put("placement/_mine.py", "")
    put("README.md", "rules")
    assert read_folder(tmp_path / "rules") == ({}, ())
    assert [*strays(tmp_path / "rules")] == []


def test_files_in_no_place_are_told(tmp_path: Path, put: Put) -> None:
    """One beside the folders of kinds goes where its function belongs; a mistyped folder has a near one."""
    put("mine.py", FIRST)
    put("placements/mine.py", FIRST)
    told = [str(fault) for fault in strays(tmp_path / "rules")]
    assert told[0].endswith("rules/mine.py: is in no folder of a kind; move it to placement/mine.py")
    assert told[1].endswith('there is no kind of rules "placements"; did you mean "placement"?')


@pytest.mark.parametrize(
    ("decision", "line"),
    [
        ("(100,) * view.wanted", "line 4: place chose 100, and there is no such node; return a tuple of view.wanted"),
        ("(-1,) * view.wanted", "line 4: place chose -1, and there is no such node; return a tuple"),
        ("()", "line 4: place chose 0 nodes where 1 are wanted; return a tuple"),
        ("None", "line 4: place returned None; return a tuple"),
        ("1 / 0", "line 6: place raised ZeroDivisionError: division by zero; mend it; regsim check --policies"),
        ("view.nothing", "line 6: place raised AttributeError: 'PlacementView' object has no attribute 'nothing'"),
        ("exit()", "line 6: place raised SystemExit: None; mend it"),
        ("(view.deploy.site_of(-1),)", "line 6: place raised IndexError: there is no node -1; mend it"),
        ("place(view, parameters)", "place raised RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_a_run_says_which_rule_is_wrong(decision: str, line: str, tmp_path: Path, put: Put) -> None:
    """In a line that names the file and its place, not as a bug of this program."""
    path = put("placement/mine.py", FIRST.replace("view.nodes[: view.wanted]", decision))
    scenario = chosen(tmp_path / "rules", "mine")
    with pytest.raises(InputError) as caught:
        sim.run(scenario)
    assert str(caught.value).startswith(f"{path}: ")
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_scenario_keeps_its_rules(tmp_path: Path, put: Put) -> None:
    """What was loaded decides as it did when the file is changed, in variants, too; what is loaded anew does not."""
    put("placement/mine.py", FIRST)
    scenario = chosen(tmp_path / "rules", "mine", variants={"a": {"policies.route": "central"}})
    before = sim.run(scenario).digest
    put("placement/mine.py", FIRST.replace("view.nodes[:", "view.nodes[::-1][:"))
    assert sim.run(scenario).digest == before
    assert scenario.variant("a").policies.placement.own == scenario.policies.placement.own
    again = scenario.with_({})
    assert again.policies.placement.own != scenario.policies.placement.own
    assert sim.run(again).digest != before


def test_a_scenario_goes_elsewhere_with_its_rules(tmp_path: Path, put: Put) -> None:
    """Pickled and read where neither the folder nor the rule's module is, it runs to the same rows, and so do its
    variants."""
    path = put("placement/warmest.py", (OWN / "placement/warmest.py").read_text())
    scenario = chosen(tmp_path / "rules", "warmest", variants={"a": {"policies.route": "central"}})
    sent, digest = pickle.dumps(scenario), sim.run(scenario).digest
    path.unlink()
    path.parent.rmdir()
    name = scenario.policies.placement.rule("placement").__name__
    parameters = sys.modules.pop(name).Parameters
    UserRule.module.__globals__["_module_of"].cache_clear()
    arrived = pickle.loads(sent)
    assert type(arrived.policies.placement.parameters) is not parameters
    assert sim.run(arrived).digest == digest
    assert sim.run(arrived.variant("a")).digest == sim.run(scenario.variant("a")).digest


def test_the_same_rule_in_two_folders_is_sent_from_either(tmp_path: Path, put: Put) -> None:
    """Equal texts are modules of their own, so that each scenario's parameters are of its own rule's class."""
    put("placement/warmest.py", (OWN / "placement/warmest.py").read_text())
    both = [chosen(OWN, "warmest"), chosen(tmp_path / "rules", "warmest")]
    for scenario in [pickle.loads(pickle.dumps(each)) for each in both]:
        assert scenario.policies.placement.parameters.reach_s == 1.0


def test_a_broken_rule_that_nobody_chooses_is_in_nobodys_way(tmp_path: Path, put: Put) -> None:
    """Neither here nor where the scenario is sent to."""
    put("placement/warmest.py", (OWN / "placement/warmest.py").read_text())
    put("placement/broken.py", "def place(view")
    scenario = pickle.loads(pickle.dumps(chosen(tmp_path / "rules", "warmest")))
    assert sim.run(scenario).digest == sim.run(chosen(OWN, "warmest")).digest


def test_two_folders_may_have_rules_of_one_name(tmp_path: Path, put: Put) -> None:
    """Each scenario, and each variant, has the one of its own folder."""
    put("placement/warmest.py", FIRST)
    scenario = chosen(OWN, "warmest", variants={"a": {"run.policies_path": str(tmp_path / "rules")}})
    assert scenario.policies.placement.rule("placement").__doc__ != "The first ones."
    assert scenario.variant("a").policies.placement.rule("placement").__doc__ == "The first ones."


def test_the_warmest_is_chosen_by_hand() -> None:
    """Of three nodes the middle one has the kernel: it comes first unless it is out of reach."""
    rule = read_folder(OWN).rules["placement", "warmest"].module()

    class There(Sketch):
        def __init__(self) -> None:
            pass

        def holds_kernel(self, node: int) -> bool:
            return node == 1

    view = PlacementView((0, 1, 2), 1, 2, 0.0, 0.0, (0, 1, 2), (0.01, 0.08, 0.02), (1.0,) * 3, There())
    assert rule.place(view, rule.Parameters()) == (1, 0)
    assert rule.place(view, rule.Parameters(reach="50 ms")) == (0, 2)


def test_what_is_written_for_nothing_is_not_told_of_ones_own() -> None:
    """A placement of one's own may weigh nodes, a route may take any way: nothing is said to have no effect there."""
    change = {"nodes.dal.weight": 2.0, "policies.route": "direct-if-warm"}
    told = [warning.where for warning in chosen(OWN, "warmest", **change).warnings]
    assert [where for where in told if "weight" in where or "fanout" in where or "to_central" in where] == []
