"""The page of the protocol: what each client sends for what, and every program step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sim.docs import markdown
from sim.protocol.description import LISTS, ProgramText, StepText, described, requests
from sim.registry.clients import CONTAINERD, PROFILES, Profile

_INTRODUCTION: Final = """\
Every push, pull and copy is a sequence of requests of the OCI distribution specification, and clients differ in which
they send. Below stands what each client sends for what, then every program that a run is made of. Both are read off the
code that runs; `regsim show --protocol` prints them, and `--client NAME` those of another client."""
_CLIENTS: Final = """\
A client is chosen by `clients.NAME.profile`; nodes and registries send what containerd sends. Of the requests for a
blob these are those for a layer. A capital word is the name of the list in the programs below."""
_PROGRAMS: Final = """\
A deploy begins with `DEPLOY`. Each step is an op, a function in `sim/protocol/ops/`; what it does is the first sentence
of its docstring. A label before a step is a place where others may go on; `goes on at` names such places, and the
program that a step has run."""
_MEANS: Final = {
    "LOGIN": "the version check and the token, over a new connection",
    "TAGS": "what a tag means",
    "CHECK": "whether the registry has a blob",
    "FIRST CHECK": "the same for the first blobs, with what the tags mean",
    "OPENING": "opening an upload",
    "OPENING CONFIG": "opening an upload of the config",
    "CLOSE": "ending an upload, with the bytes",
    "PUBLISH": "publishing: the manifest, and the index if there is one",
    "RENEW": "publishing with a token that is over, and getting another",
    "MANIFESTS": "reading the manifests of an image",
    "GET": "reading a blob",
    "MOUNT": "having a blob of another repository without sending it",
    "RECHECK": "looking again after an upload broke",
    "LOGIN AND MANIFESTS": "both of these at once",
    "MANIFEST": "publishing one platform's manifest, where an image has several; the last goes with the index",
}


def page() -> str:
    """The page."""
    return markdown.page("The protocol: every request and every step", _INTRODUCTION, _parts())


def _parts() -> Iterator[str]:
    yield f"## What clients send\n\n{_CLIENTS}"
    for which, name in LISTS.items():
        by_list: dict[str, list[str]] = {}
        for profile in (*PROFILES.values(), CONTAINERD):
            sent = ", ".join(requests(profile, which)) or "nothing"
            by_list.setdefault(sent, []).append(profile.name)
        yield f"**{name}**: {_MEANS[name]}."
        yield markdown.entries(f"- {', '.join(dict.fromkeys(names))}: {sent}" for sent, names in by_list.items())
    yield "## How clients differ otherwise"
    yield markdown.entries(map(_client, (*PROFILES.values(), CONTAINERD)))
    yield f"## Programs\n\n{_PROGRAMS}"
    for program in described(PROFILES["kraftkit"]):
        yield f"### {program.name}\n\n{program.about}"
        yield markdown.entries(line for step in program.steps for line in _lines(program, step))


def _client(profile: Profile) -> str:
    """What is not a request: how many blobs at once, and what it does when it breaks."""
    again = ", ".join(f"{wait:g} s" for wait in profile.retry.waits_s)
    tried = f"tries again after {again}" if again else "does not try again"
    repeats = {"blob": "all that it does for the blob", "bytes": "the request with the bytes", "nothing": "nothing"}
    parts = [
        f"pushes {profile.parallel_pushes} blobs at once and pulls {profile.parallel_pulls}",
        *(["mounts blobs of other repositories"] if profile.mounts else []),
        *(["moves the config last"] if profile.config_last else []),
        f"{tried}; of an upload that breaks it repeats {repeats[profile.retry.repeats]}",
        *(["asks only for what is missing"] if profile.retry.resumes else []),
    ]
    return f"- {profile.name}: {'; '.join(parts)}. Source: {profile.source}."


def _lines(program: ProgramText, step: StepText) -> Iterator[str]:
    if step.label:
        yield f"- *{step.label}:*"
    words = step.step + (f" ({', '.join(step.about)})" if step.about else "")
    does = f"**{words}**: {step.sentence}"
    if step.step == "request":
        how = f" ({'; '.join(step.how)})" if step.how else ""
        does = f"**{words}**: {program.client}: {', '.join(step.requests) or 'nothing'}{how}"
    yield f"- {does}" + (f" Goes on at: {', '.join(step.to)}." if step.to else "")
