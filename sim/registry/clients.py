"""Clients on the wire: which requests each sends for a push or a pull, in which order, and how many blobs at once.

The requests are those of the OCI distribution specification
(https://github.com/opencontainers/distribution-spec/blob/main/spec.md): `GET /v2/` says whether the registry speaks
it, a blob is found by `HEAD`, sent by `POST` (open an upload), `PATCH` (its bytes) and `PUT` (close it with its
digest), and a manifest is published by `PUT`. What differs between clients is which of these they send, and that is a
row of the table here.

A profile is the requests before any blob, those around each blob, and those after all blobs; the world executes
profiles and knows no client. An image has at most three blobs and these clients move either one at a time or all at
once, so what runs side by side is a group of blobs, checked together. Left out: retries and resumed uploads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Requests = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """One client on the wire; times in seconds, taken once per process.

    A push sends `login`, `tags`, then for each blob `blob_check` and, if the registry lacks it, `blob_open`, the
    bytes and `blob_close`, at most `parallel_pushes` blobs at once; then `publish`. The first of `blob_close` is the
    request whose body the bytes are, so it is served when they have arrived. A pull sends `login`, `manifests`, then
    `blob_get` for each blob that it lacks, at most `parallel_pulls` at once. `start_s` is what the process takes to
    start. `mounts` says whether it asks for blobs of other repositories by `mount=`.
    """

    name: str
    source: str
    login: Requests
    tags: Requests
    blob_check: Requests
    blob_open: Requests
    blob_close: Requests
    publish: Requests
    manifests: Requests
    parallel_pushes: int
    parallel_pulls: int
    start_s: float = 0.0
    blob_get: Requests = ("GET blob",)
    mounts: bool = False


KRAFTKIT: Final = Profile(
    name="kraftkit",
    source="unikraft/kraftkit, oci/handler/containerd.go and go-containerregistry's remote package",
    login=("GET /v2/", "POST token"),
    tags=("HEAD manifest by tag", "HEAD manifest by digest"),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=4,
    parallel_pulls=1,
)

SKOPEO: Final = Profile(
    name="skopeo",
    source="requests of skopeo 1.9.3 as logged by distribution 2.8.2 on the measuring rig, tests/rig",
    login=("GET /v2/",),
    tags=(),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest",),
    manifests=("GET manifest",),
    parallel_pushes=1,
    parallel_pulls=1,
)

CONTAINERD: Final = Profile(
    name="containerd",
    source="containerd's pull: index, manifest, config, then missing layers, 3 at once",
    login=(),
    tags=("HEAD manifest by tag",),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=3,
    parallel_pulls=3,
)

#: The clients that a scenario's `[clients.N] profile` may name.
PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (KRAFTKIT, SKOPEO)}
