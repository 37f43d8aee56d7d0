"""A draft as a scenario file and as a document: each figure with its source and range, and the ledger of what is open.

Whatever stands in a comment is one line, and whatever stands in a value is escaped as TOML wants it: names are of
others. The file is checked before it is given to anybody. Left out: how it looks in a terminal.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sim.calibrate.calibration import described
from sim.calibrate.imports.drafting import Draft
from sim.calibrate.imports.entries import Entry
from sim.calibrate.imports.found import HIGH_PERCENT, LOW_PERCENT, shown_text
from sim.errors import one_line
from sim.scenario import Scenario
from sim.scenario.tomltext import toml_key

if TYPE_CHECKING:
    from sim.scenario.warnings.warning import ScenarioWarning

_HEAD: Final = (
    "Written by regsim import. A figure is what was typical of its samples (n of them), its range what "
    f"{HIGH_PERCENT - LOW_PERCENT} % of them",
    "were within; an assumption is nobody's measurement, and its range is what may be true. What the data cannot tell",
    "stands at the end.",
)


@dataclass(frozen=True)
class Imported:
    """A scenario from others' files."""

    draft: Draft

    @cached_property
    def text(self) -> str:
        """The scenario as TOML."""
        return "\n".join(self._lines()) + "\n"

    def checked(self, name: str) -> tuple[ScenarioWarning, ...]:
        """The scenario's warnings. InputErrors where the data make one that is not valid, as of too many nodes."""
        return Scenario.from_document(tomllib.loads(self.text), name).warnings

    def _lines(self) -> Iterator[str]:
        yield from (f"# {line}" for line in _HEAD)
        tables: dict[tuple[str, ...], list[Entry]] = {}
        for entry in self.draft.entries:
            tables.setdefault(entry.table, []).append(entry)
        for table, entries in tables.items():
            yield from ("", f"[{'.'.join(map(toml_key, table))}]")
            yield from (f"{_key(entry.key)} = {entry.to_toml()}" for entry in entries if entry.key)
        yield ""
        yield from (f"# {one_line(line)}" for line in self.ledger())

    def ledger(self) -> Iterator[str]:
        """What was read and found beside the figures, and what is open, by source."""
        for one in self.draft.sources:
            yield f"{shown_text(one.path)}, {one.evidence.kind}: {one.counted}"
            yield from (f"  {described(estimate)}" for estimate in self.draft.beside[one.path])
            yield from (f"  cannot tell {words}" for words in one.evidence.open)
        if self.draft.open:
            yield "all together:"
            yield from (f"  cannot tell {words}" for words in self.draft.open)

    def to_json(self) -> dict[str, Any]:
        """The document `regsim.import/1`."""
        draft = self.draft
        return {
            "schema": "regsim.import/1",
            "sources": [
                {
                    "path": shown_text(one.path), "kind": one.evidence.kind, "holds": one.counted,
                    "estimates": [asdict(estimate) for estimate in draft.beside[one.path]],
                    "open": list(one.evidence.open),
                }
                for one in draft.sources
            ],
            "figures": {
                ".".join(map(toml_key, (*entry.table, entry.key))): entry.to_json()
                for entry in draft.entries if entry.key and entry.table[0] != "variants"
            },
            "open": list(draft.open),
            "toml": self.text,
        }  # fmt: skip


def _key(key: str) -> str:
    """A key as it stands in its table; one with dots is a path, as variants have."""
    return ".".join(map(toml_key, key.split(".")))
