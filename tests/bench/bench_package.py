"""How large the package is with all that it needs, and how long its parts take to import: a part of `RESULTS.md`.

    python tests/bench/bench_package.py            # half a minute; writes the part
    python tests/bench/bench_package.py --quick    # printed and not written, one import of each

Sizes are of files as they are installed, without what Python compiles of them; a wheel is smaller. Times are of fresh
interpreters, the best of five, Python's own start taken off.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

from sim.docs import markdown

PAGE: Final = Path(__file__).parent / "RESULTS.md"
PART: Final = "Package"
SIM: Final = Path(__file__).parents[2] / "sim"
IMPORTS: Final = {
    "the command line, for help": "import sim.cli",
    "the network alone": "import sim.network",
    "what loads and runs a scenario": "import sim.runner",
    "what compares": "import sim.experiment.compare",
    "the compiler": "import sim.engines.compiled, numba",
}
#: Of what is needed so many are named, the largest; the rest is one row.
NAMED: Final = 6
MEGABYTE: Final = 1e6


def needed() -> dict[str, float]:
    """What the package needs and what that needs in turn, by name, in bytes."""
    found: dict[str, float] = {}
    frontier = ["regsim"]
    while frontier:
        name = frontier.pop()
        if name in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = sum(file.locate().stat().st_size for file in distribution.files or () if _counts(file))
        always = [each for each in distribution.requires or () if "extra ==" not in each]
        frontier += [re.split(r"[ ;<>=!~\[(]", each, maxsplit=1)[0].lower() for each in always]
    found["regsim"] = sum(path.stat().st_size for path in SIM.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return found


def _counts(file: metadata.PackagePath) -> bool:
    return file.suffix != ".pyc" and Path(str(file.locate())).is_file()


def import_s(code: str, times: int) -> float:
    """How long a fresh interpreter takes for it, beyond its own start, s."""

    def best_s(words: str) -> float:
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", words], check=True)
            taken.append(time.perf_counter() - began)
        return min(taken)

    return max(best_s(code) - best_s("pass"), 0.0)


def page(times: int) -> Iterator[str]:
    """The lines of this part of the page."""
    sizes = needed()
    own = sizes.pop("regsim")
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)
    yield f"## {PART}"
    yield ""
    yield "`python tests/bench/bench_package.py` wrote this part: what is installed with the package, and how long its"
    yield "parts take to import in a fresh interpreter, beyond that one's own start."
    yield ""
    yield f"Python {platform.python_version()}, {platform.machine()}."
    yield ""
    yield "| installed | MB |"
    yield "|---|--:|"
    yield f"| regsim itself | {own / MEGABYTE:,.1f} |"
    for name in largest[:NAMED]:
        yield f"| {name} | {sizes[name] / MEGABYTE:,.0f} |"
    rest = largest[NAMED:]
    yield f"| {len(rest)} others | {sum(sizes[name] for name in rest) / MEGABYTE:,.0f} |"
    yield f"| all | {(own + sum(sizes.values())) / MEGABYTE:,.0f} |"
    yield ""
    yield "| import | s |"
    yield "|---|--:|"
    for name, code in IMPORTS.items():
        yield f"| {name} | {import_s(code, times):.2f} |"


def main(words: Sequence[str]) -> None:
    """Print the part, and write it unless it is a quick look."""
    quick = "--quick" in words
    lines = list(page(1 if quick else 5))
    print("\n".join(lines))
    if not quick:
        PAGE.write_text(markdown.with_section(PAGE.read_text(), "\n".join(lines)))


if __name__ == "__main__":
    main(sys.argv[1:])
