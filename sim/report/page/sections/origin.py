"""What it rests on: every value that somebody wrote, with its source; the scenario to copy; what made the result.

The scenario stands on the page as TOML that loads again, so that the page alone is enough to make the result again.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sim.report.page.parts import Cell, Grid, Section, texts
from sim.report.stored import Stored
from sim.scenario.describe import show
from sim.scenario.keypath import dotted

#: Values that the table has; the scenario below it has all.
_MOST_VALUES: Final = 240
#: A scenario of more bytes is not put onto the page.
MOST_BYTES: Final = 60_000
_DIGEST: Final = 12


def scenario(stored: Stored) -> Section | None:
    """The values with their sources, and the scenario whole."""
    if stored.scenario is None:
        return None
    written = [value for value in show.resolved(stored.scenario) if not value.is_default]
    assumed = sum(value.figure is not None and value.figure.assumption for value in written)
    sourced = sum(value.figure is not None and bool(value.figure.source) for value in written)
    rows = [
        [*texts(dotted(value.path), _value(value.text)),
         Cell(value.figure.origin if value.figure else "", mark="open" if value.figure and value.figure.assumption
              else "")]
        for value in written[:_MOST_VALUES]
    ]  # fmt: skip
    beyond = f"{len(written) - _MOST_VALUES:,} more in the scenario." if len(written) > _MOST_VALUES else ""
    says = [
        f"{len(written):,} values were written, {sourced:,} of them with a source and {assumed:,} as assumptions; "
        "all others are the model's defaults, which regsim show prints with their sources."
    ]
    grid = Grid("Values that were written, and what they rest on", ["key", "value", "source"], rows, 3, beyond, True)
    text = show.text(stored.scenario)
    whole = len(text.encode()) <= MOST_BYTES
    says += [] if whole else ["The whole scenario is too long for this page; the result's manifest.json has it."]
    return Section("scenario", "The scenario and its sources", says, grids=[grid],
                   texts=[("scenario.toml, whole", text)] if whole else [])  # fmt: skip


def _value(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def provenance(stored: Stored) -> Section:
    """What made it, where and when, and the commands that make it again."""
    commands = [*_commands(stored)]
    return Section("provenance", "Where this comes from, and how to make it again",
                   grids=[Grid("What made this result", ["", ""], [*_about(stored)], 2)], texts=commands)  # fmt: skip


def _about(stored: Stored) -> Iterator[list[Cell]]:
    yield texts("result", f"{stored.place}, of regsim {stored.kind}")
    if stored.kind == "score":
        yield texts("rig", stored.document.get("rig", "not said"))
        yield texts("measured", stored.document.get("measured", "not said"))
    record = stored.record
    if record is None:
        return
    found: Mapping[str, Any] = record.manifest.model_dump(exclude_none=True)
    yield texts("scenario", found["scenario"])
    yield texts("seed", record.seed)
    yield texts("runs", f"{len(record.digests):,}")
    yield texts("written", found.get("written", "not said"))
    yield texts("model's source, SHA-256", found.get("model", "not said"))
    yield texts("versions", ", ".join(f"{name} {version}" for name, version in found.get("versions", {}).items()))
    machine = found.get("machine", {})
    yield texts("machine", f"{machine.get('system')}, {machine.get('cpus')} processors")
    if "wall_s" in found:
        yield texts("took", f"{found['wall_s']:,.1f} s")
    for path, digest in found.get("files", {}).items():
        yield texts("reads", f"{path}, SHA-256 {digest[:_DIGEST]}")
    for rule in found.get("rules", ()):
        yield texts("own rule", f"{rule['kind']} {rule['name']}, SHA-256 {rule['sha256'][:_DIGEST]}")
    for task, digest in [*record.digests.items()][:6]:
        settings = "".join(f", {key} = {value}" for key, value in task.settings)
        yield texts("digest of rows", f"{task.variant or 'run'} {task.run}{settings}: {digest[:_DIGEST]}")


def _commands(stored: Stored) -> Iterator[tuple[str, str]]:
    place = shlex.quote(str(stored.place))
    if stored.kind == "score":
        if "rig" in stored.document:
            given = [stored.document["rig"], stored.document["measured"]]
            parameters = stored.document.get("parameters")
            given += ["--parameters", parameters] if parameters else []
            yield "Makes it again", f"regsim score {shlex.join(map(str, given))}"
        return
    if stored.record is None:
        return
    yield "Makes its runs again, equal bit for bit, or says what differs", f"regsim rerun {place}"
    if stored.kind != "replay":
        yield "Asks the same of the scenario above, saved as scenario.toml", " ".join(_asks(stored))


def _asks(stored: Stored) -> Iterator[str]:
    """The verb with what the document says that it was asked."""
    found = stored.document
    yield f"regsim {stored.kind} scenario.toml --seed {stored.record.seed if stored.record else 0}"
    if stored.kind == "run" and found.get("variant") and stored.scenario and stored.scenario.variant_name is None:
        yield f"--variant {shlex.quote(found['variant'])}"
    if stored.kind in ("compare", "sweep"):
        yield f"--runs {found['runs']}"
    if stored.kind in ("capacity", "crossover"):
        ends = [point["value"] for point in found["points"]]
        searched = f"{found['key']}={ends[0]}..{ends[-1]}"
        yield f"--vary {shlex.quote(searched)}"
        for text in dict.fromkeys(each["threshold"] for each in found["points"][0].get("thresholds", ())):
            yield f"--until {shlex.quote(text)}"
    if stored.kind == "sweep":
        for key in found["keys"]:
            values = dict.fromkeys(_plain(point["values"][key]) for point in found["points"])
            listed = ",".join(values)
            yield f"--vary {shlex.quote(f'{key}={listed}')}"
    if stored.kind in ("crossover", "best"):
        yield f"--metric {shlex.quote(found['metric'])}"
    if stored.kind == "crossover":
        yield f"--variant {shlex.quote(found['variant'])}"
    if found.get("allow_failures"):
        yield "--allow-failures"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
