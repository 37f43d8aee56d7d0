"""Bad use and bad input: exit code 2, one clear line on standard error, nothing on standard output."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]

LINES = {
    "none": ("run none.toml", "none.toml: no such file; check the path"),
    "directory": ("run .", ".: is a directory; name a scenario file in it"),
    "syntax": ("show broken.toml", "broken.toml: line 1, column 7: is not TOML: Invalid value; mend it"),
    "variant": (
        "run small.toml --variant cntral",
        'small.toml: unknown variant, got "cntral"; did you mean "central"?',
    ),
    "show variant": (
        "show small.toml --variant x",
        'small.toml: unknown variant, got "x"; one of central, node-direct',
    ),
    "set": (
        "run small.toml --set demand.rte=30/h",
        'small.toml: demand.rte: unknown key, got "30/h"; did you mean "rate"?',
    ),
    "no value": ("run small.toml --set rate", '--set: must be KEY=VALUE, got "rate"; write for example run.runs=3'),
    "detail": (
        "run small.toml --detail packets",
        'small.toml: run.detail: unknown choice, got "packets"; one of phases, requests',
    ),
    "no runs": ("compare small.toml --runs 0", "--runs: must be at least 1, got 0; raise it or leave it out"),
    "few runs": ("compare small.toml --runs=-2", "--runs: must be at least 1, got -2; raise it or leave it out"),
    "runs": ("compare small.toml --runs x", '--runs: must be a whole number, got "x"; write for example --runs 10'),
    "seed": ("run small.toml --seed 1.5", '--seed: must be a whole number, got "1.5"; write for example --seed 10'),
    "low seed": ("compare small.toml --seed=-1", "--seed: must be at least 0, got -1; raise it or leave it out"),
    "executor": (
        "compare small.toml --executor cluster",
        '--executor: there is no "cluster"; use serial, processes, processes:N or dask:ADDRESS',
    ),
    "no workers": (
        "compare small.toml --executor processes:0",
        '--executor: there is no "processes:0"; use serial, processes, processes:N or dask:ADDRESS',
    ),
    "out": (
        "run small.toml --out small.toml",
        "small.toml: cannot be a directory to write to (File exists); name another directory",
    ),
    "below a file": (
        "compare small.toml --out small.toml/out",
        "small.toml/out: cannot be a directory to write to (Not a directory); name another directory",
    ),
    "vary": (
        "sweep small.toml --vary demand.rate",
        '--vary: must be KEY=VALUES, got "demand.rate"; '
        'write for example "links.wan.capacity=100 Mbit/s..10 Gbit/s:log:5"',
    ),
    "vary key": (
        "sweep small.toml --vary demand.rte=1/h,2/h",
        'small.toml: demand.rte: unknown key, got "1/h"; did you mean "rate"?',
    ),
    "no range": (
        "capacity small.toml --vary demand.nodes=1,2 --until stale_starts<1",
        '--vary: a search goes through a range, got "demand.nodes=1,2"; write KEY=LOW..HIGH, "1 Mbit/s..1 Gbit/s"',
    ),
    "no target": (
        "capacity small.toml --vary demand.nodes=1..2",
        "--until: is missing, and the scenario has no thresholds; "
        'write for example --until "deploy_latency_s.p99 < 3 s"',
    ),
    "until": (
        "compare small.toml --until deploy_latency_s.p9<1s",
        '--until: unknown metric, got "deploy_latency_s.p9"; did you mean "deploy_latency_s.p99"?',
    ),
    "metric": (
        "crossover small.toml --vary demand.nodes=1..2 --metric wan_byte",
        '--metric: unknown metric, got "wan_byte"; did you mean "wan_bytes"?',
    ),
    "design": (
        "sweep small.toml --vary demand.nodes=1..2 --design sobl:8",
        '--design: there is no "sobl"; did you mean "sobol"?',
    ),
    "within": (
        "capacity small.toml --vary demand.nodes=1..2 --until stale_starts<1 --within 0",
        '--within: must be above 0 and at most 1, got 0; write for example --within "5 %"',
    ),
    "one run of a search": (
        "crossover small.toml --vary demand.nodes=1..2 --runs 1",
        "--runs: must be at least 2, got 1; raise it or leave it out",
    ),
    "precision": (
        "compare small.toml --precision wide",
        '--precision: must be a number and a unit, got "wide"; write a fraction such as 0.9 or "90 %"',
    ),
    "no result": (
        "rerun nowhere",
        "nowhere/manifest.json: cannot be read (No such file or directory); name a directory that --out of run, "
        "compare, sweep, capacity, crossover, best or replay wrote",
    ),
    "verb": ("cmpare small.toml", "regsim: no such command 'cmpare'"),
    "no file": ("run", "regsim run: missing argument 'FILE'; see regsim run --help"),
    "two files": ("run small.toml b", "regsim run: got unexpected extra argument"),
    "option": ("run small.toml --sede 1", "regsim run: no such option: --sede"),
    "no argument": ("run small.toml --seed", "regsim: option '--seed' requires an argument; see regsim --help"),
}


@pytest.mark.parametrize("case", LINES)
def test_a_mistake_is_one_line(regsim: Ask, small: str, case: str) -> None:
    """Each mistake is named in one line with its remedy, with or without `--json`."""
    Path("broken.toml").write_text("rate =")
    words, line = LINES[case]
    for more in ([], ["--json"]) if case != "no argument" else ([],):
        answer = regsim(*words.split(), *more)
        assert (answer.code, answer.out) == (2, "")
        # How typer goes on after naming a mistake differs between its versions.
        assert answer.err.startswith(line)
        assert answer.err.count("\n") == 1
        if not line.startswith("regsim"):
            assert answer.err == f"{line}\n"


def test_an_output_directory_is_tried_before_the_work(regsim: Ask, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that cannot be written to is told at once, and no run is made."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    monkeypatch.setattr("sim.run", lambda *_: pytest.fail("simulated"))
    answer = regsim("run", small, "--out", "out")
    line = "out: cannot be written to (Read-only file system); make room or name another directory\n"
    assert (answer.code, answer.err) == (2, line)


@pytest.mark.skipif(os.geteuid() == 0, reason="everything can be written by root")
def test_a_directory_without_permission(regsim: Ask, small: str) -> None:
    """A directory that is not ours to write to is named in a line."""
    Path("out").mkdir(mode=0o555)
    answer = regsim("run", small, "--out", "out")
    assert (answer.code, answer.err) == (
        2,
        "out: cannot be written to (Permission denied); make room or name another directory\n",
    )


def test_a_disk_that_fills_up_is_no_bug(regsim: Ask, small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the results no longer fit, the line names the directory."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sim.result.Result.write", full)
    answer = regsim("run", small, "--out", "out", "--quiet")
    assert (answer.code, answer.out, answer.err) == (
        2,
        "",
        "out: cannot be written to (No space left on device); make room or name another directory\n",
    )


def test_nothing_asked_shows_the_help(regsim: Ask) -> None:
    """Without a verb the help stands on standard error, as nothing was asked."""
    answer = regsim()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == regsim("--help").out
