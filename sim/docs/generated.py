"""Which pages, drawings and types are written from the code, and what writes each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from sim.docs import (
    commands,
    documents,
    protocol_page,
    python_reference,
    rooms,
    rows_reference,
    rules_reference,
    scenario_keys,
    typed_document,
    warnings_reference,
)

FOLDER: Final = Path(__file__).parent


def _walk() -> str:
    """The walk, made by a process of its own: what is done once a process shows in it."""
    command = [sys.executable, "-m", "sim.docs.walk"]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", cwd=FOLDER.parents[1])
    return done.stdout


#: By its place in this folder.
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "reference/scenario-keys.md": scenario_keys.page,
    "reference/tables.md": rows_reference.tables_page,
    "reference/metrics.md": rows_reference.metrics_page,
    "reference/commands.md": commands.page,
    "reference/documents.md": documents.page,
    "reference/rules.md": rules_reference.page,
    "reference/warnings.md": warnings_reference.page,
    "reference/python-names.md": python_reference.page,
    "reference/protocol.md": protocol_page.page,
    "explanation/rooms.md": rooms.page,
    f"explanation/{rooms.DRAWING}": rooms.drawing,
    "explanation/walk.md": _walk,
    "../document.py": typed_document.source,
}


def changed(name: str) -> bool:
    """Whether a page is not there as the code would have it now."""
    path = FOLDER / name
    return not path.exists() or path.read_text(encoding="utf-8") != PAGES[name]()


def write() -> Iterator[str]:
    """Write every page that is not there as the code would have it; their places."""
    for name, made in PAGES.items():
        text, path = made(), FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            yield name
