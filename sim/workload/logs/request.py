"""One request of a registry's log, and what reading the log has met so far: counts, formats, malformed lines.

Left out: headers and clients' names, which most logs do not have.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sim.errors import InputError

#: How many malformed lines are named, and after how many requests their share is looked at for the first time.
NAMED: Final = 20
_EARLY: Final = 1_000


class Request(NamedTuple):
    """One request: when it came (s since 1970), what it asked of which repository, and what it was answered.

    `kind` is manifest, blob, upload (of a blob), mount or other; `reference` is a tag or a digest, empty where there is
    none. `sent_bytes` is the body that it sent and `written_bytes` the response's; `offset_bytes` is what the upload
    named `upload` had received when it ended. Each is NaN where the log does not say. `whole`: see `endpoint.Values`.
    """

    line: int
    at_s: float
    method: str
    repository: str
    kind: str
    reference: str
    status: int
    written_bytes: float
    sent_bytes: float
    duration_s: float
    client: str
    offset_bytes: float = math.nan
    upload: str = ""
    whole: bool = False


@dataclass(slots=True)
class Reading:
    """What reading a log has met so far, and the share of malformed requests that is still no error.

    `fields_given` is the server's own format string, if there is one; `wrappers` and `fields` are what was found.
    """

    path: str
    most_malformed: float = 0.01
    fields_given: str | None = None
    format: str = ""
    lines: int = 0
    requests: int = 0
    others: int = 0
    malformed: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)
    wrappers: dict[str, None] = field(default_factory=dict)
    fields: dict[str, None] = field(default_factory=dict)
    sorted: bool = False

    @property
    def share(self) -> float:
        """Malformed lines as a share of those that should be requests."""
        seen = self.requests + self.malformed
        return self.malformed / seen if seen else 0.0

    def reject(self, line: int, problem: str) -> None:
        """Count a malformed line. InputError when there are too many among the first thousand requests or more."""
        self.malformed += 1
        if len(self.first) < NAMED:
            self.first.append((line, problem))
        if self.requests + self.malformed >= _EARLY:
            self.check()

    def check(self) -> None:
        """InputError when the malformed are more than the share allowed."""
        if self.share > self.most_malformed:
            counted = f"{self.malformed} of {self.requests + self.malformed} requests are malformed"
            problem = f"{counted}, more than {100 * self.most_malformed:g} %: lines {self.malformed_lines()}"
            raise InputError(self.path, problem, "mend them, or allow more by demand.replay.malformed")

    def malformed_lines(self) -> str:
        """Which lines are malformed, as far as they are named."""
        lines: dict[str, list[str]] = {}
        for line, problem in self.first:
            lines.setdefault(problem, []).append(str(line))
        named = "; ".join(f"{', '.join(places)} ({problem})" for problem, places in lines.items())
        return named + (f" and {self.malformed - NAMED} more" if self.malformed > NAMED else "")

    @property
    def found(self) -> str:
        """What the log was seen to be, in a line."""
        wrapped = f" inside {', '.join(self.wrappers)}" if self.wrappers else ""
        says = ", ".join(self.fields) if self.fields else "neither durations nor sizes of uploads"
        again = "; its times went back: sorted" if self.sorted else ""
        return f"{self.format} lines{wrapped}, with {says}{again}"
