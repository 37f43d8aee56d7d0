"""`regsim new`: a scenario from answers or options that is valid, runs, and says what every line is."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.scenario import canonical

Ask = Callable[..., Any]

FLAGS = (
    "--question", "Two nodes each, or one?", "--sites", "lon:51.5:-0.1, par:48.9:2.4", "--central", "par",
    "--nodes", "lon=3, par=1", "--clients", "2", "--rate", "500/day", "--capacity", "2 Gbit/s",
    "--images", "api = 20 MB + 3 MB, tool = 5 MB", "--compare", "demand.nodes=1,2",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def answering(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """A terminal at which these lines are typed."""
    terminal = io.StringIO("".join(f"{line}\n" for line in lines))
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)


@pytest.mark.usefixtures("no_flips")
def test_a_new_scenario_is_valid_without_warnings_and_runs(regsim: Ask) -> None:
    """Without a terminal and without options all is as usual: `check --strict` has nothing to say, and it compares."""
    answer = regsim("new", "mine.toml")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("wrote mine.toml; ")
    assert regsim("check", "mine.toml", "--strict").out == "mine.toml: valid\n"
    answer = regsim("compare", "mine.toml", "--runs", "2", "--set", "run.duration=10 min", "--executor", "serial")
    assert answer.code == 0


def test_options_are_what_stands_in_the_file(regsim: Ask) -> None:
    """Sites with their positions, groups of one and of several, images with and without a kernel, and the variants."""
    assert regsim("new", "mine.toml", *FLAGS).code == 0
    scenario = sim.load("mine.toml")
    assert scenario.run.title == "Two nodes each, or one?"
    assert {name: site.latitude for name, site in scenario.sites.items()} == {"lon": 51.5, "par": 48.9}
    assert [name for name, _ in scenario.hosts()] == [
        "central", "lon1", "lon2", "lon3", "nodes/par", "lon-dev1", "lon-dev2", "par-dev1", "par-dev2",
    ]  # fmt: skip
    assert scenario.central.site == "par"
    assert scenario.demand.rate_per_s == 500 / 86400
    assert {name: (image.kernel_bytes, image.rootfs_bytes) for name, image in scenario.images.items()} == {
        "api": (20_000_000, 3_000_000), "tool": (None, 5_000_000),
    }  # fmt: skip
    assert [scenario.variant(name).demand.nodes for name in scenario.variants] == [1, 2]
    (link,) = [span for span in scenario.generated() if {span.a, span.b} == {"lon", "par"}]
    # 344 km of fibre with detours, at two thirds of the speed of light.
    assert 0.0024 < link.delay_s < 0.0028
    assert link.up_Bps == 0.25e9


def test_every_line_that_is_a_comment_says_what_holds(regsim: Ask) -> None:
    """With all marks taken away the file asks the same: what stands beside `#` are the defaults."""
    regsim("new", "mine.toml", *FLAGS)
    text = Path("mine.toml").read_text()
    every, n = re.subn(r"^#(?=[a-z_]+ = )", "", text, flags=re.MULTILINE)
    assert n > 60
    assert canonical(sim.load(tomllib.loads(every))) == canonical(sim.load("mine.toml"))


def test_every_key_of_the_file_has_its_sentence_above_it(regsim: Ask) -> None:
    """In the first table of each kind a line of prose goes before each key, written or not."""
    regsim("new", "mine.toml")
    lines = Path("mine.toml").read_text().split("[demand]")[1].split("\n\n")[0].strip().splitlines()
    assert len(lines) > 20
    assert all(re.match(r"# [A-Z].*\.$", line) for line in lines[::2])
    assert all(re.match(r"#?[a-z_]+ = ", line) for line in lines[1::2])


def test_figures_that_nobody_answered_say_what_they_rest_on(regsim: Ask) -> None:
    """The usual rate is an assumption with its range, the usual image has its sources; an answer is a plain value."""
    regsim("new", "usual.toml")
    figures = sim.load("usual.toml").figures
    assert figures["demand.rate"].assumption
    assert figures["topology.rtt"].range == ("10 ms", "250 ms")
    assert figures["images.app.kernel"].source.startswith("Unikraft Cloud docs")
    regsim("new", "mine.toml", *FLAGS)
    assert "demand.rate" not in sim.load("mine.toml").figures


def test_nothing_is_overwritten(regsim: Ask) -> None:
    """A file that is there stays as it is, and nothing is asked."""
    Path("mine.toml").write_text("mine")
    answer = regsim("new", "mine.toml", *FLAGS)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "mine.toml: is there already, and nothing is overwritten; name another file\n"
    assert Path("mine.toml").read_text() == "mine"


def test_a_file_that_comes_while_it_asks_stays(regsim: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes the file between the first question and the last answer: it is theirs."""
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    terminal.readline = lambda *_: str(Path("mine.toml").write_text("theirs") and "\n")  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)
    answer = regsim("new", "mine.toml")
    assert answer.code == 2
    assert answer.err.splitlines()[-1].endswith(
        "mine.toml: cannot be written (File exists); name a file in a directory of yours"
    )
    assert Path("mine.toml").read_text() == "theirs"


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (("--sites", "dal, dal"), '--sites: two have one name, got "dal, dal"; give each its own'),
        (("--sites", "dal:north"), '--sites: no position, got "dal:north"; write NAME:LATITUDE:LONGITUDE'),
        (("--sites", "D.C."), '--sites: no name for a site, got "D.C."; use letters, digits, - and _ alone'),
        (("--sites", " , "), "--sites: nothing is named; write it, or leave the question to its default"),
        (("--nodes", "sin=2"), '--nodes: unknown site, got "sin"; one of dal, fra, was'),
        (("--clients", "none"), '--clients: must be a number above 0, got "none"; write 4, or dal=4, fra=2'),
        (("--rate", "20"), '--rate: a frequency needs its unit, got "20"; write a frequency such as "50000/day"'),
        (("--rtt", "-1 ms"), '--rtt: must be at least 0, got -1 ms; write a time such as "35 ms"'),
        (("--images", "5 MB"), '--images: must be NAME = KERNEL + ROOTFS, got "5 MB"; write app = 36 MiB + 4.3 MB'),
        (
            ("--compare", "demand.nodes=1"),
            '--compare: must be KEY = VALUE, VALUE, ..., got "demand.nodes=1"; '
            "write policies.route = central, node-direct",
        ),
        (
            ("--compare", "policies.rote=a,b"),
            '--compare: unknown key, got "policies.rote"; did you mean "policies.route"?',
        ),
        (("--central", "sin"), 'mine.toml: central.site: unknown site, got "sin"; one of dal, fra, was'),
        (
            ("--compare", "policies.route=central,nowhere"),
            'mine.toml: variant nowhere: policies.route: unknown choice, got "nowhere"; '
            "one of both, central, direct-below, node-direct; a rule of your own is found in run.policies_path, "
            "or --policies DIR",
        ),
    ],
)
def test_an_answer_that_will_not_do_is_one_line_and_no_file(regsim: Ask, flags: tuple[str, ...], line: str) -> None:
    """Each option's fault names it with the value and the remedy; what only the whole shows names the key."""
    answer = regsim("new", "mine.toml", *flags)
    assert (answer.code, answer.out, answer.err) == (2, "", f"{line}\n")
    assert not Path("mine.toml").exists()


def test_at_a_terminal_what_is_open_is_asked(regsim: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions come in turn on standard error; return takes what is usual, and what will not do is asked again."""
    answering(monkeypatch, "", "a, b", "b", "9 parsecs", "9 ms", "", "", "3", "", "")
    answer = regsim("new", "mine.toml", "--rate", "100/day", "--nodes", "2")
    assert (answer.code, answer.out) == (0, "")
    assert "Sites (NAME, or NAME:LATITUDE:LONGITUDE) [dal, fra, was]: " in answer.err
    assert 'unknown unit "parsecs", got "9 parsecs"' in answer.err
    assert "Deploys" not in answer.err
    scenario = sim.load("mine.toml")
    assert (list(scenario.sites), scenario.central.site) == (["a", "b"], "b")
    assert [group.count for group in (*scenario.nodes.values(), *scenario.clients.values())] == [2, 2, 20, 20]
    assert next(span.delay_s for span in scenario.generated() if span.name == "a-b") == 0.0045


def test_leaving_at_a_question_writes_nothing(regsim: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of what is typed is an interruption."""
    answering(monkeypatch, "")
    assert regsim("new", "mine.toml").code == 130
    assert not Path("mine.toml").exists()


def test_one_site_needs_no_links(regsim: Ask) -> None:
    """With one site nothing is asked about links, and the scenario runs."""
    assert regsim("new", "mine.toml", "--sites", "lab", "--nodes", "2", "--clients", "1").code == 0
    assert regsim("run", "mine.toml", "--set", "run.duration=5 min").code == 0


def test_standard_output_and_documents(regsim: Ask) -> None:
    """`-` prints the scenario; --json says which file was written, and what may be the wrong question."""
    scenario = sim.load(tomllib.loads(regsim("new", "-", *FLAGS).out))
    assert scenario.variants == ("nodes-1", "nodes-2")
    document = json.loads(regsim("new", "mine.toml", "--json").out)
    assert document == {"schema": "regsim.new/1", "file": "mine.toml", "warnings": []}
    assert regsim("new", "-", "--json").code == 2
    assert regsim("new", "nowhere/mine.toml").err.startswith("nowhere/mine.toml: cannot be written (No such file")


def test_a_question_of_any_letters_is_a_comment_and_a_title(regsim: Ask) -> None:
    """Quotes, line ends and marks in the question stay in it and break nothing."""
    question = 'Why "\n[run]\n\\ # not?'
    assert regsim("new", "mine.toml", "--question", question).code == 0
    assert sim.load("mine.toml").run.title == question
