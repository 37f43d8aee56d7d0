"""The programs, described: each step, what it is given and what it does, with the requests that a client sends for it.

Nothing is written twice. A step is described by its op's name and the first sentence of the op's docstring, in which a
label stands where the op has a parameter for it; a call by what the called program is about. Only what numbers mean is
said here (`_NUMBERS`).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sim.protocol.ops import requests as lists
from sim.protocol.ops.admission import (
    ANSWERING,
    ASKING,
    CHARGE_IMAGE,
    CHARGE_MOUNTS,
    CHARGE_UPLOAD,
    OWN_NODE,
    admit_image,
    claim_image,
    release_image,
)
from sim.protocol.ops.blobs import DOWN, each_blob, record_manifests
from sim.protocol.ops.caches import CLAIM, RELEASE, reserve_on_way
from sim.protocol.ops.control import call_program
from sim.protocol.ops.deploys import AT_CENTRAL, AT_NODE, TO_CENTRAL, TO_FIRST_NODE, to_registry, wait_for_image
from sim.protocol.ops.lanes import UP
from sim.protocol.ops.pull import MAY_LACK, MUST_HAVE, node_has_image
from sim.protocol.ops.push import charge_blobs
from sim.protocol.ops.requests import (
    FOR_GROUP,
    NAMED,
    OVER_NEW_CONNECTION,
    RETRIED,
    WITH_TRAILING,
    phase,
    request,
)
from sim.protocol.ops.retries import OF_DOWNLOAD, OF_UPLOAD, begin_tries
from sim.protocol.ops.sync import OF_ALL, OF_TARGET, acquire_worker, release_worker
from sim.protocol.ops.transfers import transfer
from sim.protocol.programs import PROGRAMS, Label, Op, Program, Step
from sim.registry.clients import CONTAINERD, Profile, Requests
from sim.tables.rows import PHASE_MEANINGS, PHASES

#: What requests are sent for.
LISTS: Final[Mapping[int, str]] = {
    lists.LOGIN_REQUESTS: "LOGIN", lists.TAGS: "TAGS", lists.CHECK: "CHECK", lists.FIRST_CHECK: "FIRST CHECK",
    lists.OPENING: "OPENING", lists.OPENING_CONFIG: "OPENING CONFIG", lists.CLOSE: "CLOSE", lists.PUBLISH: "PUBLISH",
    lists.RENEW: "RENEW", lists.MANIFESTS: "MANIFESTS", lists.GET: "GET", lists.MOUNT: "MOUNT",
    lists.RECHECK: "RECHECK", lists.LOGIN_AND_MANIFESTS: "LOGIN AND MANIFESTS", lists.MANIFEST: "MANIFEST",
}  # fmt: skip
#: How they are sent, by the parts of that number.
HOW: Final[Mapping[int, str]] = {
    OVER_NEW_CONNECTION: "over a new connection",
    RETRIED: "sent again if no answer comes",
    FOR_GROUP: "for all blobs of the group at once",
    WITH_TRAILING: "and those for blobs that trail along",
}
#: Programs that a node or a registry that copies runs, not the client of a deploy.
BY_REGISTRIES: Final = (
    "PULL", "FETCH", "FETCH_PARTS", "GET_BLOB", "COPY", "ASK_THROUGH", "MANIFESTS_TO_CACHE", "BLOB_TO_CACHE",
)  # fmt: skip

_WHOSE: Final[Mapping[int, str]] = {
    ANSWERING: "the registry that answers", OWN_NODE: "the node itself", ASKING: "the machine that asks",
}  # fmt: skip
_WORKERS: Final[Mapping[int, str]] = {OF_ALL: "of all", OF_TARGET: "of the target"}
_DIRECTIONS: Final[Mapping[int, str]] = {UP: "up", DOWN: "down"}
#: What numbers mean that ops are given, by the op and the place.
_NUMBERS: Final[Mapping[tuple[Op, int], Mapping[int, str]]] = {
    (phase, 0): dict(enumerate(PHASES)),
    (to_registry, 0): {TO_CENTRAL: "central", TO_FIRST_NODE: "the first node"},
    (wait_for_image, 0): {AT_CENTRAL: "at central", AT_NODE: "at the node"},
    (reserve_on_way, 0): {CLAIM: "claimed", RELEASE: "released"},
    (node_has_image, 1): {MAY_LACK: "may lack it", MUST_HAVE: "must"},
    (charge_blobs, 0): {
        CHARGE_IMAGE: "those of the manifest", CHARGE_UPLOAD: "one that was sent", CHARGE_MOUNTS: "those to be mounted",
    },
    (begin_tries, 1): {OF_DOWNLOAD: "", OF_UPLOAD: "an upload"},
    (transfer, 0): _DIRECTIONS, (each_blob, 1): _DIRECTIONS, (record_manifests, 0): _DIRECTIONS,
    (acquire_worker, 0): _WORKERS, (release_worker, 0): _WORKERS,
    (claim_image, 0): _WHOSE, (admit_image, 0): _WHOSE, (release_image, 0): _WHOSE,
    (request, 0): LISTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepText:
    """A step, described.

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
class ProgramText:
    """A program, described, and the client whose requests stand in it."""

    name: str
    about: str
    client: str
    steps: tuple[StepText, ...]

    def to_json(self) -> dict[str, Any]:
        """Its part of a document."""
        return {
            "name": self.name, "about": self.about, "client": self.client,
            "steps": [each.to_json() for each in self.steps],
        }  # fmt: skip


def described(client: Profile, programs: Mapping[str, Program] = PROGRAMS) -> Iterator[ProgramText]:
    """All programs, with the requests of a client of the deploys; registries send containerd's."""
    abouts = {name: " ".join(part for part in program if isinstance(part, str)) for name, program in programs.items()}
    for name, program in programs.items():
        who = CONTAINERD if name in BY_REGISTRIES else client
        yield ProgramText(name, abouts[name], who.name, tuple(_steps(program, who, abouts)))


def _steps(program: Program, client: Profile, abouts: Mapping[str, str]) -> Iterator[StepText]:
    label = ""
    for part in program:
        if isinstance(part, Label):
            label = part.name
        elif isinstance(part, Step):
            yield _described(part, label, client, abouts)
            label = ""


def _described(step: Step, label: str, client: Profile, abouts: Mapping[str, str]) -> StepText:
    name, cells = step.op.__name__.replace("_", " "), (step.a, step.b)
    meanings = (_meaning(step.op, place, cell) for place, cell in enumerate(cells))
    about = tuple(word for word in meanings if word)
    to = tuple(cell for cell in cells if isinstance(cell, str))
    if step.op is call_program:
        return StepText(label, "call", about, to, abouts[to[0]])
    if step.op is phase:
        return StepText(label, name, about, to, f"From here on it is {PHASE_MEANINGS[about[0]]}.")
    if step.op is request and isinstance(step.a, int) and isinstance(step.b, int):
        how = tuple(text for bit, text in HOW.items() if step.b & bit)
        sent = (step.text,) if step.a == NAMED else requests(client, step.a)
        return StepText(label, name, about, to, sentence(step), sent, how)
    return StepText(label, name, about, to, sentence(step))


def _meaning(op: Op, place: int, cell: int | str) -> str:
    """What a number means that an op is given; nothing where it is given none."""
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
    """The requests that a client sends for a list: where this depends on the blob, for a layer of the first group."""
    if which == lists.MOUNT and not client.mounts:
        return ()
    return lists.LISTS[lists.FIRST_CHECK if which == lists.CHECK else which](client)
