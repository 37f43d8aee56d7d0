"""Pages name only what there is: files, verbs, options, keys, other pages; and every shipped scenario has one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

import sim
from sim.cli import pages
from sim.cli.app import VERBS, app
from sim.docs import console
from sim.errors import InputError
from sim.scenario import Scenario, shipped
from sim.scenario.describe import keys

Ask = Callable[..., Any]
ROOT = Path(__file__).parents[2]
WRITTEN = {"README.md": ROOT / "README.md", **{f"{p.kind}/{p.topic}": p.path for p in pages.pages().values()}}
#: Options of other programs that pages speak of.
OTHERS = {"--tls-ca-file", "--tls-cert", "--tls-key", "--write"}
#: What stands behind the language of a scenario beside a folder of rules, which is not there.
OWN_RULES = "beside rules"
#: How names end that are files' and look like keys.
FILES = (".toml", ".md", ".py", ".parquet", ".json", ".csv")
_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def every(name: str) -> str:
    return WRITTEN[name].read_text()


def prose(text: str) -> str:
    """A page without its blocks."""
    return _FENCE.sub("", text)


def quoted(text: str) -> Iterator[str]:
    """What stands in backquotes, line breaks and all, outside of blocks."""
    return (" ".join(part.split()) for part in re.findall(r"`([^`]+)`", prose(text)))


def blocks(text: str, language: str) -> list[tuple[str, str]]:
    """(what stands behind the language, body) of each block of a language."""
    found = ((match["info"], match["body"]) for match in _FENCE.finditer(text))
    return [(info.removeprefix(language).strip(), body) for info, body in found if info.split(" ")[0] == language]


@pytest.mark.parametrize("name", WRITTEN)
def test_paths_lead_to_files(name: str) -> None:
    """Each path in backquotes that looks like one of ours is there."""
    paths = {word for word in quoted(every(name)) if re.fullmatch(r"(?:sim|scenarios|notebooks|tests)/[\w./-]+", word)}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize("name", WRITTEN)
def test_links_lead_to_pages(name: str) -> None:
    """Each link to a file, and to a heading of the same page, has something to lead to."""
    text, folder = prose(every(name)), WRITTEN[name].parent
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, heading = target.partition("#")
        assert not path or (folder / path).exists(), target
        if heading and not path:
            anchors = {
                re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in re.findall(r"^#+ (.*)$", text, re.M)
            }
            assert heading in anchors


@pytest.mark.parametrize("name", WRITTEN)
def test_verbs_and_options_are_ours(name: str) -> None:
    """Each `regsim VERB`, and each `--option` outside of blocks, is one of the program's."""
    text = every(name)
    named = set(re.findall(r"(?:`|\$ |^)regsim ([a-z]+)", text, flags=re.MULTILINE))
    assert named <= {verb.__name__ for verb in VERBS}
    ours = [word for word in quoted(text) if word.startswith(("--", "regsim ", "python -m sim"))]
    options = {option for word in ours for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", word)}
    assert options - OTHERS <= known_options()


@pytest.mark.parametrize("name", WRITTEN)
def test_targets_of_make_are_ours(name: str) -> None:
    """Each `make TARGET` is one of the Makefile's."""
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", every(name), flags=re.MULTILINE))
    assert named <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


def known_options() -> set[str]:
    group: Any = typer.main.get_command(app)
    every_verb = [group, *group.commands.values()]
    return {name for verb in every_verb for each in verb.params for name in each.opts} | {
        "--install-completion",
        "--help",
    }


@pytest.mark.parametrize("name", WRITTEN)
def test_keys_are_a_scenario_s(name: str) -> None:
    """Each dotted word in backquotes that begins as a key does names one, with whatever name stands in it."""
    tables = {key.partition(".")[0] for key in keys.keys()} - {"links", "faults"}  # noqa: SIM118 - a function
    for word in quoted(every(name)):
        key = re.match(r"([a-z]+(?:\.[\w*-]+)+)(?: ?=.*)?$", word)
        if key is None or key[1].partition(".")[0] not in tables or key[1].endswith(FILES):
            continue
        try:
            keys.find(key[1])
        except InputError as error:
            pytest.fail(f"{word}: {error}")


def test_every_shipped_scenario_has_its_page() -> None:
    """A question each, under the scenario's own name."""
    assert {page.topic for page in pages.pages().values() if page.kind == "questions"} == set(shipped.names())


def test_topics_are_one_page_each() -> None:
    """No two kinds have a page of one name, and each begins with its title."""
    paths = [path for kind in pages.KINDS for path in (pages.FOLDER / kind).glob("*.md")]
    assert len({path.stem for path in paths}) == len(paths)
    assert all(path.read_text().startswith("# ") for path in paths)
    assert {path.parent.name for path in pages.FOLDER.rglob("*.md")} == set(pages.KINDS)


def test_readme_is_read_in_three_minutes() -> None:
    """It has at most 120 lines."""
    assert len(every("README.md").splitlines()) <= 120


@pytest.mark.parametrize("name", [name for name in WRITTEN if blocks(every(name), "toml")])
def test_scenarios_in_pages_load(name: str) -> None:
    """What a page gives as a scenario loads as it stands; what it gives as a part of one, in the one that it names."""
    for about, body in blocks(every(name), "toml"):
        document = tomllib.loads(body)
        if about == OWN_RULES:
            continue
        if about:
            changed = sim.load(about.removeprefix("part of ")).with_(dict(flat(document)))
            assert all(changed.variant(variant) for variant in changed.variants)
        else:
            assert Scenario.from_document(document).nodes


def flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a document by dotted key; a figure, and a rule with keys of its own, is one."""
    for key, value in document.items():
        if isinstance(value, Mapping) and not {"value", "name"} & set(value):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


@pytest.mark.slow
def test_python_in_pages_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of the page on Python run one after another as they stand."""
    monkeypatch.chdir(tmp_path)
    code = [body for _, body in blocks(every("howto/python"), "python")]
    assert code
    scope: dict[str, Any] = {}
    for body in code:
        exec(compile(body, "howto/python.md", "exec", dont_inherit=True), scope)
    assert scope["finish_s"].tolist() == [10.0]


#: A thousand worlds packet by packet take minutes.
RESULTS = [
    shown
    for shown in console.shown_in((ROOT / "tests/rig/RESULTS.md").read_text()) if "small_worlds" not in shown.command
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [path for path in console.pages() if path.name != "RESULTS.md"], ids=lambda path: path.stem
)
def test_commands_in_pages_print_what_is_shown(page: Path) -> None:
    """Every line below a command is printed by it, and nothing else where nothing is left out."""
    assert console.differences(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("shown", RESULTS, ids=lambda shown: shown.command)
def test_results_are_what_their_commands_print(shown: console.Shown) -> None:
    """The same of the page of results, whose commands need nothing of each other."""
    (printed,) = console.run([shown.command])
    assert console.agrees(shown.lines, printed)


def test_a_line_that_is_not_printed_is_seen() -> None:
    """Whole outputs are compared whole; in others each part is found in its order, the ends where they are."""
    printed = ("a", "b 1", "c", "d")
    assert console.agrees(("a", "b 1", "c", "d"), printed)
    assert console.agrees(("a", "[...]", "c", "[...]"), printed)
    assert console.agrees(("[...]", "d"), printed)
    assert not console.agrees(("a", "b 1", "c"), printed)
    assert not console.agrees(("[...]", "c"), printed)
    assert not console.agrees(("b 1", "[...]"), printed)
    assert not console.agrees(("a", "[...]", "d", "[...]", "c", "[...]"), printed)
    assert console.renewed(("[...]", "b 2", "c", "[...]"), printed) == ["[...]", "b 1", "c", "[...]"]
    assert console.renewed(("x", "y"), printed) == [*printed]


@pytest.mark.integration
def test_commands_of_a_page_share_a_folder(tmp_path: Path) -> None:
    """One uses what another wrote; lines that differ are told, and written when asked; a failure ends it."""
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```console\n$ echo one > a; \\\n  echo two >> a\n$ cat a | tail -1\nthree\n```\n")
    assert [line for line in console.differences(page) if line[:1] in "-+"][2:] == ["-three", "+two"]
    assert console.differences(page, write=True)
    assert console.differences(page) == []
    page.write_text("```console\n$ regsim check none.toml\n```\n")
    with pytest.raises(ValueError, match=r"exit code 2\nnone\.toml: "):
        console.differences(page)
    with pytest.raises(ValueError, match="begins with a command"):
        console.shown_in("```console\nregsim check\n```\n")
