"""The programs in words: each step, what it is told and what it does, with the requests that a client sends for it.

Nothing is said twice: words for a step are its op's name and the first sentence of its docstring, in which a label
stands where the op has a parameter for it, and those of a call are the called program's. Only what numbers mean is
written here.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sim.protocol.ops.blobs import DOWN, branch_by_blob
from sim.protocol.ops.carrying import carry
from sim.protocol.ops.control import call_program
from sim.protocol.ops.deploys import to_registry, wait_for_image
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.limits import ANSWERING, ASKING, OWN_NODE, admit_image, claim_room, if_bounded, release_room
from sim.protocol.ops.pull import has_own
from sim.protocol.ops.push import charge_blobs
from sim.protocol.ops.requests import (
    CHECK,
    CLOSE,
    GET,
    GROUP,
    INSISTS,
    LOGIN_AND_MANIFESTS,
    LOGIN_REQUESTS,
    MANIFESTS,
    MOUNT,
    OPENING,
    OPENS,
    PUBLISH,
    RECHECK,
    RENEW,
    TAGS,
    TRAILING,
    phase,
    request,
)
from sim.protocol.ops.retries import UPLOAD_TRIES, tries
from sim.protocol.ops.sync import acquire, release_jobs
from sim.protocol.programs import PROGRAMS, Label, Op, Program, Step
from sim.registry import clients
from sim.registry.clients import CONTAINERD, TOKEN, Profile, Requests
from sim.tables.rows import PHASE_MEANINGS, PHASES

LISTS: Final[Mapping[int, str]] = {
    LOGIN_REQUESTS: "LOGIN", TAGS: "TAGS", CHECK: "CHECK", OPENING: "OPENING", CLOSE: "CLOSE", PUBLISH: "PUBLISH",
    RENEW: "RENEW", MANIFESTS: "MANIFESTS", GET: "GET", MOUNT: "MOUNT", RECHECK: "RECHECK",
    LOGIN_AND_MANIFESTS: "LOGIN AND MANIFESTS",
}  # fmt: skip
#: How requests are sent, by the parts of that number.
HOW: Final[Mapping[int, str]] = {
    OPENS: "over a new connection",
    INSISTS: "sent again if no answer comes",
    GROUP: "for all blobs of the group at once",
    TRAILING: "and those for blobs that trail along",
}
#: Programs that a node or a registry that copies runs, not the client of a deploy.
BY_REGISTRIES: Final = ("PULL", "FETCH", "FETCH_PARTS", "GET_BLOB", "COPY")

_WHOSE: Final[Mapping[int, str]] = {
    ANSWERING: "the registry that answers", OWN_NODE: "the node itself", ASKING: "the machine that asks",
}  # fmt: skip
_WORKERS: Final[Mapping[int, str]] = {0: "of all", 1: "of the target"}
_DIRECTIONS: Final[Mapping[int, str]] = {UP: "up", DOWN: "down"}
#: What numbers that ops are told mean, by the op and the place.
_NUMBERS: Final[Mapping[tuple[Op, int], Mapping[int, str]]] = {
    (phase, 0): dict(enumerate(PHASES)),
    (to_registry, 0): {0: "central", 1: "the first node"},
    (wait_for_image, 0): {0: "at central", 1: "at the node"},
    (has_own, 1): {0: "may lack it", 1: "must"},
    (charge_blobs, 0): {0: "those of the manifest", 1: "one that was sent", 2: "those to be mounted"},
    (tries, 1): {0: "", UPLOAD_TRIES: "an upload"},
    (carry, 0): _DIRECTIONS, (branch_by_blob, 1): _DIRECTIONS,
    (acquire, 0): _WORKERS, (release_jobs, 0): _WORKERS,
    (claim_room, 0): _WHOSE, (admit_image, 0): _WHOSE, (release_room, 0): _WHOSE, (if_bounded, 1): _WHOSE,
    (request, 0): LISTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words.

    `label` is what others call its place; `about` what its numbers mean; `to` are the labels that it may go on at and
    the programs that it has run; `requests` what its client sends, and `how`.
    """

    label: str
    step: str
    about: tuple[str, ...]
    to: tuple[str, ...]
    sentence: str
    requests: Requests = ()
    how: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its part of a document; what does not apply is left out."""
        every = {
            "label": self.label, "step": self.step, "about": list(self.about), "to": list(self.to),
            "does": self.sentence, "requests": list(self.requests), "how": list(self.how),
        }  # fmt: skip
        return {name: value for name, value in every.items() if value}


@dataclass(frozen=True, slots=True)
class ToldProgram:
    """A program in words, and the client whose requests stand in it."""

    name: str
    about: str
    client: str
    steps: tuple[Told, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "name": self.name, "about": self.about, "client": self.client,
            "steps": [each.to_json() for each in self.steps],
        }  # fmt: skip


def told(client: Profile, programs: Mapping[str, Program] = PROGRAMS) -> Iterator[ToldProgram]:
    """All programs in words, with the requests of a client of the deploys; registries send containerd's."""
    abouts = {name: " ".join(part for part in program if isinstance(part, str)) for name, program in programs.items()}
    for name, program in programs.items():
        who = CONTAINERD if name in BY_REGISTRIES else client
        yield ToldProgram(name, abouts[name], who.name, tuple(_steps(program, who, abouts)))


def _steps(program: Program, client: Profile, abouts: Mapping[str, str]) -> Iterator[Told]:
    label = ""
    for part in program:
        if isinstance(part, Label):
            label = part.name
        elif isinstance(part, Step):
            yield _told(part, label, client, abouts)
            label = ""


def _told(step: Step, label: str, client: Profile, abouts: Mapping[str, str]) -> Told:
    name, cells = step.op.__name__.replace("_", " "), (step.a, step.b)
    meanings = (_meaning(step.op, place, cell) for place, cell in enumerate(cells))
    about = tuple(word for word in meanings if word)
    to = tuple(cell for cell in cells if isinstance(cell, str))
    if step.op is call_program:
        return Told(label, "call", about, to, abouts[to[0]])
    if step.op is phase:
        return Told(label, name, about, to, f"From here on it is {PHASE_MEANINGS[about[0]]}.")
    if step.op is request and isinstance(step.a, int) and isinstance(step.b, int):
        how = tuple(text for bit, text in HOW.items() if step.b & bit)
        return Told(label, name, about, to, sentence(step), requests(client, step.a), how)
    return Told(label, name, about, to, sentence(step))


def _meaning(op: Op, place: int, cell: int | str) -> str:
    """What a number means that an op is told; nothing where it is told none."""
    return _NUMBERS.get((op, place), {}).get(cell, "") if isinstance(cell, int) else ""


def sentence(step: Step) -> str:
    """The first sentence of an op's docstring, and those that say when it goes on elsewhere.

    The labels and programs that the step names stand for the op's parameters.
    """
    paragraph = " ".join((step.op.__doc__ or "").split("\n\n")[0].split())
    parameters = inspect.signature(step.op).parameters
    named = {
        f"`{parameter}`": f"`{cell}`"
        for parameter, cell in zip([*parameters][2:], (step.a, step.b), strict=True)
        if isinstance(cell, str)
    }
    first, *others = paragraph.removesuffix(".").split(". ")
    chosen = [first, *(other for other in others if any(parameter in other for parameter in named))]
    words = ". ".join(chosen) + "."
    for parameter, cell in named.items():
        words = words.replace(parameter, cell)
    return words


def requests(client: Profile, which: int) -> Requests:
    """The requests that a client sends for a list; of those for a blob, for one that is a layer.

    Before the first group of blobs the tags come with the checks.
    """
    of: Mapping[int, Requests] = {
        LOGIN_REQUESTS: client.login, TAGS: client.tags, CHECK: (*client.tags, *client.blob_check),
        OPENING: client.blob_open, CLOSE: client.blob_close, PUBLISH: client.publish,
        RENEW: (*client.publish[:1], TOKEN), MANIFESTS: client.manifests, GET: client.blob_get,
        MOUNT: clients.MOUNT if client.mounts else (), RECHECK: client.blob_check,
        LOGIN_AND_MANIFESTS: (*client.login, *client.manifests),
    }  # fmt: skip
    return of[which]
