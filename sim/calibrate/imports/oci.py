"""Images with their true layers: an OCI layout, manifests and indexes as registries hold them, and what tools print.

    oci-layout, index.json, blobs/sha256/...   a folder: skopeo copy ... oci:DIR, crane pull --format=oci, buildx
    {"schemaVersion": 2, "layers": [...]}      skopeo inspect --raw, crane manifest, curl .../v2/NAME/manifests/TAG
    {"schemaVersion": 2, "manifests": [...]}   the same of an image for several platforms
    {"Ref": ..., "OCIManifest": {...}}         docker manifest inspect -v, one or a list of them
    {"Name": ..., "LayersData": [...]}         skopeo inspect

Formats: https://github.com/opencontainers/image-spec, image-layout.md, image-index.md and manifest.md. A layer's size
is of the blob as it travels. Of an index one platform is taken, linux/amd64 if it is there. Left out: manifests that
refer to another (signatures, attestations), layers that are fetched from elsewhere, and schema 1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sim.calibrate.imports.documents import Json, document_of, size_bytes, table, tables, text
from sim.calibrate.imports.found import Blob, Found, Pictured, number_of, shown_text
from sim.calibrate.probes.estimate import Evidence
from sim.errors import InputError
from sim.workload.logs.textfile import whole

_DIGEST: Final = re.compile(r"(sha256|sha384|sha512):([a-f0-9]{64,128})")
#: The specification bounds no manifest; registries refuse larger ones (distribution, 4 MiB).
_MANIFEST_CHARACTERS: Final = 4 << 20
_MOST_MANIFESTS: Final = 10_000
#: An index may list indexes; nobody nests them deeper.
_DEEPEST: Final = 4
_NAMES: Final = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_WANTED: Final = ("linux", "amd64")


@dataclass(slots=True)
class _Reading:
    """A source while it is read: images found, and what was left out."""

    path: str
    images: list[Pictured] = field(default_factory=list)
    manifests: int = 0
    other_platforms: int = 0
    missing: int = 0
    elsewhere: int = 0
    not_images: int = 0

    def open(self) -> tuple[str, ...]:
        """What the source leaves open."""
        told = [
            "how much layers grow as they are unpacked, and how long that takes: manifests have sizes on the wire",
            "which layers nodes or clients have already",
        ]
        for count, what in (
            (self.other_platforms, "what other platforms weigh: {} of an index left out"),
            (self.missing, "what is in manifests that an index lists and the source lacks: {}"),
            (self.elsewhere, "layers that are fetched from elsewhere: {} left out"),
            (self.not_images, "what refers to images, as signatures do: {} left out"),
        ):
            told += [what.format(number_of(count, "manifest" if "layers" not in what else "layer"))] if count else []
        return tuple(told)


def is_layout(path: str) -> bool:
    """Whether a folder is an OCI layout."""
    return (Path(path) / "index.json").exists() or (Path(path) / "oci-layout").exists()


def layout(path: str) -> Found:
    """All images of a layout's index. InputError where the folder is none, or what it has cannot be read."""
    reading, folder = _Reading(path), Path(path)
    index = whole(str(folder / "index.json"), _MANIFEST_CHARACTERS)
    document = table(document_of(str(folder / "index.json"), index))
    if not isinstance(document.get("manifests"), list):
        raise InputError(str(folder / "index.json"), "lists no manifests", "name the folder of an OCI layout")
    for descriptor in tables(document["manifests"]):
        _descriptor(reading, folder, descriptor, _name(descriptor) or folder.resolve().name, None, 1)
    return _found(reading, "OCI layout", {}, {})


def _descriptor(
    reading: _Reading, folder: Path, descriptor: Json, name: str, index_bytes: int | None, depth: int
) -> None:  # fmt: skip
    """The image, or those of the index, that a descriptor leads to within the folder."""
    reading.manifests += 1
    if reading.manifests > _MOST_MANIFESTS or depth > _DEEPEST:
        problem = f"lists more than {_MOST_MANIFESTS:,} manifests, or indexes in indexes"
        raise InputError(reading.path, problem, "give a layout of fewer images")
    parts = _DIGEST.fullmatch(text(descriptor.get("digest")))
    if parts is None:
        got = shown_text(text(descriptor.get("digest")))
        raise InputError(reading.path, f'lists a manifest whose digest is none, got "{got}"', "make the layout anew")
    blob = folder / "blobs" / parts[1] / parts[2]
    if not blob.is_file():
        reading.missing += 1
        return
    written = whole(str(blob), _MANIFEST_CHARACTERS)
    document = table(document_of(str(blob), written))
    if isinstance(document.get("manifests"), list):
        chosen = _of_platform(reading, document)
        for part in chosen:
            _descriptor(reading, folder, part, _name(part) or name, len(written.encode()), depth + 1)
    else:
        _manifest(reading, document, name, parts[0], len(written.encode()), index_bytes)


def _of_platform(reading: _Reading, index: Json) -> list[Json]:
    """Of the manifests that an index lists for platforms, those of one; without platforms all of them."""
    listed = [part for part in tables(index["manifests"]) if not _refers(part)]
    reading.not_images += len(index["manifests"]) - len(listed)
    platforms = {_platform(part) for part in listed}
    chosen = _WANTED if _WANTED in platforms else next(iter(_platform(part) for part in listed), _WANTED)
    kept = [part for part in listed if _platform(part) == chosen]
    reading.other_platforms += len(listed) - len(kept)
    return kept[:1] if chosen != ("", "") else kept


def _platform(descriptor: Json) -> tuple[str, str]:
    platform = table(descriptor.get("platform"))
    return text(platform.get("os")), text(platform.get("architecture"))


def _refers(descriptor: Json) -> bool:
    """Whether it is of a manifest about another: buildx lists attestations under the platform "unknown"."""
    return "vnd.docker.reference.type" in table(descriptor.get("annotations")) or _platform(descriptor)[0] == "unknown"


def _name(descriptor: Json) -> str:
    """The image's name, as containerd and skopeo annotate it; a tag alone is none."""
    annotations = table(descriptor.get("annotations"))
    return next((text(annotations[key]) for key in _NAMES if text(annotations.get(key))), "")


def _manifest(
    reading: _Reading, manifest: Json, name: str, digest: str, manifest_bytes: int | None, index_bytes: int | None
) -> None:  # fmt: skip
    """One image's manifest, unless it is about another's."""
    if "subject" in manifest or not isinstance(manifest.get("layers"), list):
        reading.not_images += 1
        return
    layers = []
    for layer in tables(manifest["layers"]):
        if layer.get("urls"):
            reading.elsewhere += 1
            continue
        layers.append(_layer(reading.path, layer, "digest", "size"))
    config = table(manifest.get("config"))
    config_bytes = size_bytes(reading.path, config["size"], "a config") if "size" in config else None
    reading.images.append(
        Pictured(
            name, tuple(layers), digest=digest, config_bytes=config_bytes, manifest_bytes=manifest_bytes,
            index_bytes=index_bytes,
        )
    )  # fmt: skip


def _layer(path: str, layer: Json, digest_key: str, size_key: str) -> Blob:
    digest = text(layer.get(digest_key))
    if _DIGEST.fullmatch(digest) is None:
        raise InputError(path, f'has a layer whose digest is none, got "{shown_text(digest)}"', "give it as it is")
    return Blob(digest, size_bytes(path, layer.get(size_key), f"layer {digest[:19]}"))


def is_manifest(document: Any) -> bool:
    """Whether a JSON document is a manifest, an index, or what a tool prints of one."""
    first = next(tables(document), {}) if isinstance(document, list) else table(document)
    if isinstance(document, list) and not ("Ref" in first or "Descriptor" in first):
        return False
    return (
        any(key in first for key in ("SchemaV2Manifest", "OCIManifest", "LayersData", "fsLayers"))
        or ("schemaVersion" in first and any(key in first for key in ("layers", "manifests")))
    )  # fmt: skip


def manifests(path: str, document: Any, written: str) -> Found:
    """One manifest or index of a file, or those that a tool printed. InputError where it cannot be read."""
    reading, stem = _Reading(path), Path(path).name.partition(".")[0] or "image"
    names: dict[str, str] = {}
    index_bytes: dict[str, int] = {}
    parts = list(tables(document)) if isinstance(document, list) else [table(document)]
    if len(parts) > _MOST_MANIFESTS:
        raise InputError(path, f"has more than {_MOST_MANIFESTS:,} manifests", "give fewer of them")
    for part in _of_one_platform(reading, parts):
        if "fsLayers" in part:
            raise InputError(path, "is of schema 1, whose layers have no sizes", "push the image anew, or pull it")
        if isinstance(part.get("LayersData"), list):
            layers = tuple(_layer(path, layer, "Digest", "Size") for layer in tables(part["LayersData"]))
            reading.images.append(Pictured(text(part.get("Name")) or stem, layers, digest=text(part.get("Digest"))))
        elif isinstance(part.get("manifests"), list):
            for listed in _of_platform(reading, part):
                digest = text(listed.get("digest"))
                names[digest], index_bytes[digest] = _name(listed) or stem, len(written.encode())
        else:
            inner = table(part.get("OCIManifest") or part.get("SchemaV2Manifest") or part)
            descriptor = table(part.get("Descriptor"))
            own = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
            digest = text(descriptor.get("digest")) or f"sha256:{own}"
            taken = descriptor.get("size") if descriptor else len(written.encode("utf-8", "surrogatepass"))
            manifest_bytes = size_bytes(path, taken, "a manifest") if taken is not None else None
            _manifest(reading, inner, text(part.get("Ref")).partition("@")[0] or stem, digest, manifest_bytes, None)
    return _found(reading, "OCI index" if names else "manifest", names, index_bytes)


def _of_one_platform(reading: _Reading, parts: list[Json]) -> list[Json]:
    """Of what `docker manifest inspect -v` lists for platforms, those of one."""
    platforms = [_platform(table(part.get("Descriptor"))) for part in parts]
    if len(parts) < 2 or not any(any(platform) for platform in platforms):
        return parts
    chosen = _WANTED if _WANTED in platforms else platforms[0]
    reading.other_platforms += sum(platform != chosen for platform in platforms)
    return [part for part, platform in zip(parts, platforms, strict=True) if platform == chosen]


def _found(reading: _Reading, kind: str, names: dict[str, str], index_bytes: dict[str, int]) -> Found:
    images = tuple(_distinct(reading.images))
    distinct = {blob.digest: blob.size_bytes for image in images for blob in image.layers}
    counted = f"{number_of(len(images), 'image')} of {number_of(len(distinct), 'layer')}"
    if names:
        counted = f"names of {number_of(len(names), 'manifest')}"
    elif not images:
        raise InputError(reading.path, "has no image", "give the manifests, too")
    evidence = Evidence(reading.path, kind, (), reading.open())
    return Found(evidence, counted, images=images, names=names, index_bytes=index_bytes)


def _distinct(images: list[Pictured]) -> Iterator[Pictured]:
    """Each manifest once: two tags of one manifest are one image."""
    seen: dict[str, Pictured] = {}
    for image in images:
        known = seen.setdefault(image.digest or image.name, image)
        if known.index_bytes is None and image.index_bytes is not None:
            seen[image.digest or image.name] = replace(known, index_bytes=image.index_bytes)
    yield from seen.values()
