"""The picture of the main question's verdict: what `regsim compare metros --out DIR` draws.

    python -m sim.docs.picture    # draws it anew: half a minute

The file says which rows it was drawn from, by their digests, so that a test can tell whether a run still gives these.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Final

import sim

FILE: Final = Path(__file__).parent / "metros.png"
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_SAYS: Final = "Description"


def draw() -> None:
    """Compare, draw, and say from what."""
    outcome = sim.compare(sim.load("metros"))
    drawn = {name: digests[0] for name, digests in outcome.digests.items()}
    outcome.plot().savefig(FILE, format="png", dpi=150, metadata={_SAYS: json.dumps(drawn)})


def drawn_from() -> dict[str, str]:
    """By variant, the digest of the rows that the picture was drawn from. ValueError where the file does not say."""
    data = FILE.read_bytes()
    if not data.startswith(_SIGNATURE):
        raise ValueError(f"{FILE.name} is no PNG")
    at = len(_SIGNATURE)
    while at < len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        name, _, text = data[at + 8 : at + 8 + length].partition(b"\0")
        if kind == b"tEXt" and name.decode() == _SAYS:
            found: dict[str, str] = json.loads(text)
            return found
        at += 12 + length
    raise ValueError(f"{FILE.name} does not say what it was drawn from")


if __name__ == "__main__":
    draw()
