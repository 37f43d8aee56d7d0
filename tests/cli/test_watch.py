"""`--watch` of compare, run and check: a saved file is answered again, a broken one waited for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sim.cli import watching
from tests.small_question import Answer

Ask = Callable[..., Answer]
Edit = Callable[[], object]


@pytest.fixture
def while_waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Edit]], None]:
    """Has each edit made at the first look at files that finds nothing; the look after the last edit is interrupted."""

    def edits(every: Sequence[Edit]) -> None:
        left = [step for edit in every for step in (edit, lambda: None)]

        def sleep(span_s: float) -> None:
            assert span_s == watching.LOOK_EVERY_S
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr(watching.time, "sleep", sleep)

    return edits


def replaced(path: str, old: str, new: str) -> Edit:
    """What many editors do: another file, which then has the name."""

    def edit() -> None:
        text = Path(path).read_text()
        assert old in text
        Path("other").write_text(text.replace(old, new))
        os.replace("other", path)

    return edit


ASKED = ("compare", "--executor", "serial", "--engine", "reference", "--gains", "0", "--runs", "2", "--watch")


@pytest.mark.slow
@pytest.mark.integration
def test_a_saved_file_is_answered_again_beside_the_last_answer(
    regsim: Ask, small: str, while_waiting: Callable[[Sequence[Edit]], None]
) -> None:
    """What was changed is named, and what came out otherwise stands beside what it was; an interrupt ends with 130."""
    while_waiting([replaced(small, "50 Mbit/s", "25 Mbit/s")])
    answer = regsim(*ASKED, small)
    assert answer.code == 130
    assert answer.out.count("Variants: mean of 2 runs") == 2
    assert 'Changed: clients.dev.up was "50 Mbit/s", is "25 Mbit/s".' in answer.out
    table = answer.out[answer.out.index("beside the last answer") :].splitlines()
    assert table[0].split()[-2:] == ["was", "is"]
    # A push takes as long again over half the line, so no latency is what it was.
    assert table[2].startswith("deploy latency p50, node-direct less central")
    moved = [line.split("  ")[0] for line in table if line.startswith("deploy latency p50, ")]
    assert moved == [f"deploy latency p50, {of}" for of in ("node-direct less central", "central", "node-direct")]
    assert answer.err.count(f"watching {small}; an interrupt ends it") == 2
    assert answer.err.endswith("interrupted\n")


@pytest.mark.integration
def test_a_broken_file_gives_its_line_and_is_waited_for(
    regsim: Ask, small: str, while_waiting: Callable[[Sequence[Edit]], None]
) -> None:
    """Half a table, no file at all, then the file as it was: a line each, and then the answer that it was."""
    whole = Path(small).read_text()
    while_waiting(
        [lambda: Path(small).write_text(f"{whole}[demand"), Path(small).unlink, lambda: Path(small).write_text(whole)]
    )
    answer = regsim(*ASKED, small)
    said = [line for line in answer.err.splitlines() if line.startswith(f"{small}: ")]
    assert answer.code == 130
    assert ["is not TOML" in said[0], "no such file" in said[1], len(said)] == [True, True, 2]
    assert answer.out.count("Variants: mean of 2 runs") == 2
    assert answer.out.endswith("Nothing came out otherwise than in the last answer.\n")


@pytest.mark.slow
@pytest.mark.integration
def test_what_a_file_extends_is_watched_too(
    regsim: Ask, small: str, while_waiting: Callable[[Sequence[Edit]], None]
) -> None:
    """A change of the file below is a change; one that leaves every value as it was moves nothing."""
    Path("mine.toml").write_text(f'extends = "{small}"\ndemand.apps = 4\n')
    while_waiting([lambda: Path(small).write_text(Path(small).read_text() + "# said\n")])
    answer = regsim(*ASKED, "mine.toml")
    assert answer.code == 130
    assert f"{small} changed" in answer.err
    assert "Nothing came out otherwise than in the last answer." in answer.out
    assert "Changed:" not in answer.out


@pytest.mark.integration
def test_a_file_saved_while_it_is_answered_is_answered_again(
    regsim: Ask, small: str, monkeypatch: pytest.MonkeyPatch, while_waiting: Callable[[Sequence[Edit]], None]
) -> None:
    """An edit between the reading and the answer is not lost."""
    first = [replaced(small, "50 Mbit/s", "25 Mbit/s")]
    compare = watching.lazy.answers.print_comparison

    def edited(*arguments: object) -> None:
        compare(*arguments)
        if first:
            first.pop()()

    monkeypatch.setattr(watching.lazy.answers, "print_comparison", edited)
    while_waiting([lambda: None])
    answer = regsim(*ASKED, small)
    assert answer.out.count("Changed: clients.dev.up") == 1


@pytest.mark.integration
def test_a_run_is_made_again_beside_the_last(
    regsim: Ask, small: str, while_waiting: Callable[[Sequence[Edit]], None]
) -> None:
    """Half the line takes a push twice as long; no other run is made to say so."""
    while_waiting([replaced(small, "50 Mbit/s", "25 Mbit/s")])
    answer = regsim("run", small, "--engine", "reference", "--watch")
    assert answer.code == 130
    assert answer.out.count("one run, seed") == 2
    assert 'Changed: clients.dev.up was "50 Mbit/s", is "25 Mbit/s".' in answer.out
    table = answer.out[answer.out.index("beside the last answer") :].splitlines()
    assert [line.split("  ")[0] for line in table[2:4]] == ["deploy latency p50", "deploy latency p95"]
    assert answer.err.endswith("interrupted\n")


def test_faults_are_told_at_each_save(regsim: Ask, small: str, while_waiting: Callable[[Sequence[Edit]], None]) -> None:
    """A fault while it is there, then what is otherwise than when the file was last valid, though no run was made."""
    while_waiting(
        [replaced(small, "50 Mbit/s", "50 Mbits"), replaced(small, "50 Mbits", "25 Mbit/s")]
    )  # fmt: skip
    answer = regsim("check", small, "--watch")
    assert (answer.code, answer.out) == (
        130, f'{small}: valid\n{small}: valid\nChanged: clients.dev.up was "50 Mbit/s", is "25 Mbit/s".\n'
    )  # fmt: skip
    assert answer.err.count("clients.dev.up: ") == 1


def test_of_several_scenarios_the_changed_one_is_named(
    regsim: Ask, small: str, while_waiting: Callable[[Sequence[Edit]], None]
) -> None:
    """Two files, one edit: the key is said with its file."""
    Path("other.toml").write_text(Path(small).read_text())
    while_waiting([lambda: Path("other.toml").write_text(Path(small).read_text().replace("50 Mbit/s", "25 Mbit/s"))])
    answer = regsim("check", small, "other.toml", "--watch", "--quiet")
    assert answer.out.splitlines()[-1] == 'Changed: other.toml: clients.dev.up was "50 Mbit/s", is "25 Mbit/s".'


@pytest.mark.usefixtures("small")
def test_a_folder_of_rules_is_watched(regsim: Ask, while_waiting: Callable[[Sequence[Edit]], None]) -> None:
    """A rule that comes, one that breaks, and one that goes are each seen."""
    rule = Path("rules/placement/first.py")
    rule.parent.mkdir(parents=True)
    text = '"""The nearest."""\ndef place(view, parameters):\n    """Them."""\n    return view.nodes[: view.wanted]\n'
    while_waiting(
        [lambda: rule.write_text(text), lambda: rule.write_text(f"{text}def"), rule.unlink]
    )  # fmt: skip
    answer = regsim("check", "--policies", "rules", "--watch", "--quiet")
    assert answer.code == 130
    assert answer.out.startswith(f"{rule}: placement first is valid")
    faults = [line.partition(": ")[2] for line in answer.err.splitlines() if line.startswith("rules")]
    assert [line.partition(";")[0] for line in faults] == [
        "has no rules", "line 5: is not Python: invalid syntax", "has no rules"
    ]  # fmt: skip


def test_what_is_not_there_is_not_watched(regsim: Ask, small: str) -> None:
    """Without a file, and with --json, it ends at once with a line, as without --watch."""
    for verb in ("check", "compare", "run"):
        for words in (("nothing.toml",), (small, "--json")):
            answer = regsim(verb, "--watch", *words)
            assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
