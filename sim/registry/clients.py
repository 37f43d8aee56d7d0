"""Clients on the wire: which requests each sends for a push or a pull, in which order, and how many blobs at once.

The requests are those of the OCI distribution specification
(https://github.com/opencontainers/distribution-spec/blob/main/spec.md): `GET /v2/` says whether the registry speaks
it, a blob is found by `HEAD`, sent by `POST` (open an upload), `PATCH` (its bytes) and `PUT` (close it with its
digest), and a manifest is published by `PUT`. What differs between clients is which of these they send, and that is a
row of the table here.

A profile is the requests before any blob, those around each blob, and those after all blobs; the world executes
profiles and knows no client. An image has few blobs and these clients move either one at a time or all at once, so
what runs side by side is a group of blobs, checked together; containerd's pusher sends the config after the layers.
What a client does when a connection breaks or a registry does not answer is its `Retry`. All of these use Go's HTTP
client with the same limits, each read in its source: go-containerregistry, pkg/v1/remote/options.go; containerd,
core/remotes/docker/registry.go; moby, daemon/pkg/registry/registry.go; containers/image, pkg/tlsclientconfig; oras-go,
by Go's own default transport. None limits how long an answer may take. Left out: authentication beyond a token, and
proxies in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Final, Literal

from sim.registry.throttling import Throttled

Requests = tuple[str, ...]

#: How long a kept connection stays open unused: the default of Go's HTTP client, which registries and runtimes use.
KEEP_OPEN_S: Final = 90.0

#: What asks a registry's authorization service for a token.
TOKEN: Final = "POST token"

#: What publishes an image for several platforms: no client leaves it out then.
PUT_INDEX: Final = "PUT index"

#: A blob of another repository, by `mount=` and `from=`; distribution specification, "Mounting a blob".
MOUNT: Final[Requests] = ("POST upload mount",)


@dataclass(frozen=True, slots=True)
class Retry:
    """After a failed try a client waits, the first time `waits_s[0]`, and tries again, once for each wait.

    A request alone is sent again by itself. Of an upload that breaks it repeats all that it does for the blob, from the
    `HEAD` on; or only the request that carries the bytes, from the first of them; or nothing, where they can't be read
    twice. `resumes` says whether it asks for what is missing rather than for all.

    It gives a connection `dial_s` to be opened and its TLS handshake `handshake_s` (Go's `Dialer.Timeout` and
    `TLSHandshakeTimeout`). Where it waits for bytes and none come, it gives up after `quiet_s`: Go's keep-alive probes
    after 30 s, and Linux sends nine more, 30 s apart (`tcp_keepalive_probes`).
    """

    waits_s: tuple[float, ...] = ()
    resumes: bool = False
    repeats: Literal["blob", "bytes", "nothing"] = "blob"
    dial_s: float = 30.0
    handshake_s: float = 10.0
    quiet_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One client on the wire; times in seconds, taken once per process.

    A push sends `login`, `tags`, then for each blob `blob_check` and, if the registry lacks it, `blob_open`, the
    bytes and `blob_close`, at most `parallel_pushes` blobs at once; then `publish`. The first of `blob_close` is the
    request whose body the bytes are, so it is served when they have arrived. Where the config is opened by other
    requests than layers, those are `config_open`. A pull sends `login`, `manifests`, then `blob_get` for each blob that
    it lacks, at most `parallel_pulls` at once. `start_s` is what the process takes to start. `mounts` says whether it
    asks for blobs of other repositories by `mount=`, `config_last` whether it sends the config when the layers are
    there.

    `challenge` is what a pull sends before it has a token, at a registry that asks for one. A client that `polls` waits
    after a push until the platform has the image, and one that `pins` has instances started from the digest that it
    pushed. `throttled` is what it does when it is refused by 429, `answer_timeout_s` how long it waits for an answer.
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
    config_open: Requests | None = None
    mounts: bool = False
    config_last: bool = False
    challenge: Requests = ()
    polls: bool = False
    pins: bool = False
    retry: Retry = Retry()
    throttled: Throttled = field(default_factory=Throttled)
    answer_timeout_s: float = inf

    def opening(self, kind: str) -> Requests:
        """The requests before the bytes of a blob of this kind."""
        return self.blob_open if self.config_open is None or kind != "config" else self.config_open


_IN_CONTAINERD: Final = Throttled((0.0,) * 5)
_IN_GO_CONTAINERREGISTRY: Final = Throttled((1.0, 3.0), never=("HEAD", "GET", TOKEN))
_IN_CONTAINERS_IMAGE: Final = Throttled((2.0, 4.0, 8.0, 16.0), 60.0, ("PATCH upload", "PUT manifest", "PUT index"))

KRAFTKIT: Final = Profile(
    name="kraftkit",
    source="unikraft/kraftkit, oci/handler/containerd.go and go-containerregistry's remote package",
    login=("GET /v2/", TOKEN),
    tags=("HEAD manifest by tag", "HEAD manifest by digest"),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=4,
    parallel_pulls=1,
    polls=True,  # internal/cli/kraft/cloud: deploy sets WaitForImage, and instance/create asks without a pause
    pins=True,  # deploy passes on the package's ID, which is its digest
    retry=Retry((1.0, 3.0)),  # pkg/v1/remote/write.go, uploadOne: HEAD, POST, PATCH and PUT are one try
    throttled=_IN_GO_CONTAINERREGISTRY,
)

UNIKRAFT: Final = Profile(
    name="unikraft",
    source="unikraft/cli, internal/images/resolver.go, on containerd's pusher (core/remotes/docker/pusher.go): it "
    "begins with a blob's HEAD, answered 401, and mounts what an annotation says is elsewhere, which its builds lack",
    login=("HEAD blob", TOKEN),
    tags=(),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PUT upload",),
    publish=("HEAD manifest by digest", "PUT manifest", "HEAD index", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=1000,
    parallel_pulls=3,
    config_last=True,
    retry=Retry((0.0,) * 4, repeats="bytes"),  # containerd, content.Copy: the writer is reset, at most five times
    throttled=_IN_CONTAINERD,
    answer_timeout_s=30.0,
)

DOCKER: Final = Profile(
    name="docker",
    source="moby, distribution/push_v2.go and xfer: 5 uploads and 3 downloads at once, tried 5 times after 5 n s",
    login=("GET /v2/", TOKEN),
    tags=("HEAD manifest by tag", "HEAD manifest by digest"),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=5,
    parallel_pulls=3,
    retry=Retry((5.0, 10.0, 15.0, 20.0)),  # xfer/upload.go: all of a layer's upload is one try
)

ORAS: Final = Profile(
    name="oras",
    source="oras-go: 3 at once, one PUT a blob, tried again 5 times, after 0.25 s doubled up to 3 s",
    login=("GET /v2/", TOKEN),
    tags=("HEAD manifest by tag", "HEAD manifest by digest"),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PUT upload",),
    publish=("PUT manifest", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=3,
    parallel_pulls=3,
    # registry/remote/retry: single requests, and a blob's bytes, read from a file, can't be sent twice.
    retry=Retry((0.25, 0.5, 1.0, 2.0, 3.0), repeats="nothing"),
    throttled=Throttled((0.25, 0.5, 1.0, 2.0, 4.0), 60.0, ("PUT upload",)),
)

SKOPEO: Final = Profile(
    name="skopeo",
    source="skopeo 1.9.3, as logged in tests/data/registry.log: a layer is asked for once more before "
    "it goes (containers/image 5.23, docker_image_dest.go: PutBlob); 6 downloads at once (copy/copy.go)",
    login=("GET /v2/",),
    tags=(),
    blob_check=("HEAD blob",),
    blob_open=("HEAD blob", "POST upload"),
    config_open=("POST upload",),
    config_last=True,
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest",),
    manifests=("GET manifest",),
    parallel_pushes=1,
    parallel_pulls=6,
    throttled=_IN_CONTAINERS_IMAGE,
)

CONTAINERD: Final = Profile(
    name="containerd",
    source="containerd: core/remotes/docker/resolver.go (HEAD, answered 401 where a token is wanted, again with one), "
    "then index, manifest, config, and what layers are missing (core/unpack/unpacker.go), 3 at once",
    login=(),
    challenge=("HEAD manifest by tag", TOKEN),
    tags=("HEAD manifest by tag",),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=3,
    parallel_pulls=3,
    retry=Retry((1.0,) * 4, resumes=True),
    throttled=_IN_CONTAINERD,
)

PODMAN: Final = Profile(
    name="podman",
    source="containers/image, docker/docker_image_dest.go (blobs side by side, PutBlob) and copy/copy.go (6 at once, "
    "the config last; a layer that is compressed on its way has no digest to ask for again); containers/common, "
    "pkg/retry/retry.go and pull 1865: the whole push 3 times more, after 1, 2 and 4 s",
    login=("GET /v2/", TOKEN),
    tags=(),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest",),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=6,
    parallel_pulls=6,
    config_last=True,
    retry=Retry((1.0, 2.0, 4.0)),
    throttled=_IN_CONTAINERS_IMAGE,
)

CRANE: Final = Profile(
    name="crane",
    source="google/go-containerregistry, pkg/v1/remote/pusher.go (an image's tag is asked for, layers and config side "
    "by side), write.go (HEAD, POST, PATCH, PUT are one try) and options.go (4 jobs; tried again after 1 s and 3 s)",
    login=("GET /v2/", TOKEN),
    tags=("HEAD manifest by tag",),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest",),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=4,
    parallel_pulls=1,
    retry=Retry((1.0, 3.0)),
    throttled=_IN_GO_CONTAINERREGISTRY,
)

BUILDKIT: Final = Profile(
    name="buildkit",
    source="moby/buildkit, util/push/push.go (containerd's pusher, core/remotes/docker/pusher.go, with mounts; "
    "manifests last), util/resolver/limited/group.go (4 at once) and retryhandler/retry.go (after 1, 2 and 4 s)",
    login=("HEAD blob", TOKEN),
    tags=(),
    blob_check=("HEAD blob",),
    blob_open=("POST upload",),
    blob_close=("PUT upload",),
    publish=("HEAD manifest by digest", "PUT manifest", "HEAD index", "PUT index"),
    manifests=("GET index", "GET manifest"),
    parallel_pushes=4,
    parallel_pulls=4,
    mounts=True,
    retry=Retry((1.0, 2.0, 4.0)),
    throttled=_IN_CONTAINERD,
)

_PUSHING: Final = (KRAFTKIT, UNIKRAFT, DOCKER, SKOPEO, ORAS, PODMAN, CRANE, BUILDKIT)

#: The clients that a scenario's `[clients.N] profile` may name.
PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in _PUSHING}
