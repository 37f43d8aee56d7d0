"""Tools that copy images from registry to registry, on the wire: their requests, and how many blobs they move at once.

Each is a profile as `clients` has them, of which a copy uses what goes before, with and after its blobs. A tool stands
between two registries and asks both. Here all its requests are served by the registry that it copies to, one after
another: `blob_open` begins with those that go to the source, where a blob is asked for twice, since public registries
answer with a redirect to where the bytes are. Of a tool that stands beside the source these take no time and are left
out.

Left out: logging in, the index above an image's platforms (some eight requests a tag in all), what a process takes to
start, and waiting for a blob that another copy is just bringing, which ocync does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sim.registry.clients import Profile, Requests

_FROM_SOURCE: Final[Requests] = ("GET blob", "GET blob redirected")

REGSYNC: Final = Profile(
    name="regsync",
    source="regclient/regclient: image.go (ImageCopy), blob.go (BlobCopy: HEAD at the target, GET at the source), "
    "scheme/reg/blob.go (BlobPut: POST, then all in one PUT); config/host.go: 3 requests at once a registry",
    login=(),
    tags=("HEAD manifest by digest", "GET manifest"),
    blob_check=("HEAD blob",),
    blob_open=(*_FROM_SOURCE, "POST upload"),
    blob_close=("PUT upload",),
    publish=("PUT manifest",),
    manifests=(),
    parallel_pushes=3,
    parallel_pulls=3,
)

DREGSY: Final = Profile(
    name="dregsy",
    source="xelalexv/dregsy, internal/pkg/relays/skopeo: skopeo copy --all, tag after tag; containers/image: "
    "copy/copy.go (6 at once), docker/docker_image_dest.go (mounts what its cache has seen at the target)",
    login=(),
    tags=("GET manifest",),
    blob_check=("HEAD blob",),
    blob_open=(*_FROM_SOURCE, "HEAD blob", "POST upload"),
    config_open=(*_FROM_SOURCE, "POST upload"),
    config_last=True,
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest",),
    manifests=(),
    parallel_pushes=6,
    parallel_pulls=6,
    mounts=True,
)

OCYNC: Final = Profile(
    name="ocync",
    source="clowdhaus/ocync, crates/ocync-sync/src/engine.rs: 6 blobs of an image at once, POST and one PUT, mounts; "
    "one request says what the target has of an image, so a blob's first request is the source's",
    login=(),
    tags=("HEAD manifest by digest", "GET manifest"),
    blob_check=("GET blob",),
    blob_open=("GET blob redirected", "POST upload"),
    blob_close=("PUT upload",),
    publish=("PUT manifest",),
    manifests=(),
    parallel_pushes=6,
    parallel_pulls=6,
    mounts=True,
)

SKOPEO: Final = Profile(
    name="skopeo",
    source="skopeo 1.9.3, skopeo sync beside the registry that it copies from, as distribution logged it on tests/rig: "
    "what it asks at home takes no way; containers/image mounts what its cache has seen at the target",
    login=(),
    tags=("GET /v2/", "GET manifest", "GET /v2/"),
    blob_check=("HEAD blob",),
    blob_open=("HEAD blob", "POST upload"),
    config_open=("POST upload",),
    config_last=True,
    blob_close=("PATCH upload", "PUT upload"),
    publish=("PUT manifest",),
    manifests=(),
    parallel_pushes=6,
    parallel_pulls=6,
    mounts=True,
)

#: The tools that `policies.sync.client` may name.
COPIERS: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (REGSYNC, DREGSY, OCYNC, SKOPEO)}
