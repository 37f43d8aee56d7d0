"""What a logged request is about, by its method and its path.

The paths are those of the OCI distribution specification, "Endpoints"
(https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints), with the prefixes that repository
managers put before them. Left out: lists of tags and of referrers, and the older API of version 1.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from sim.registry.reference import is_digest, is_repository, is_tag

_NAN: Final = float("nan")
#: distribution signs the state of an upload: 32 bytes, then JSON (registry/handlers/hmac.go).
_SIGNED_BYTES = 32
#: Of bytes and of seconds, so many in one request are a slip or an attack: a pebibyte, 36 million years.
_LARGEST: Final = float(1 << 50)
#: Beyond the year 9999 no clock is.
_LATEST_S: Final = 253_402_300_800.0
#: Paths in front of `/v2/` where a repository manager serves several registries: Artifactory's, Nexus's.
_MOUNTED: Final = ("api", "artifactory", "repository")


class Values(NamedTuple):
    """A request without the line that it stood on; sizes and durations that the log does not say are NaN.

    `at_s` is when it came, s since 1970, or a syslog stamp, which has no year. `kind` is manifest, blob, upload, mount
    or other; `upload` names the upload that a request belongs to. `sent_bytes` is what this request sent, its header
    perhaps included, `offset_bytes` what its upload had received by then. `whole` says that the duration was a whole
    number at a line's end, of microseconds if it was Apache's `%D`.
    """

    at_s: float | str
    method: str
    repository: str
    kind: str
    reference: str
    status: int
    written_bytes: float
    sent_bytes: float
    duration_s: float
    client: str
    offset_bytes: float = _NAN
    upload: str = ""
    whole: bool = False


class MalformedError(ValueError):
    """Says in a few words why a line is no line of a known log."""


#: What takes one line or record apart: the item, the format chosen so far, the stamp of its wrappers; gives the format
#: and the values of a request, or None for what is none. MalformedError for a request that cannot be read.
Parser = Callable[[Any, str, float | str | None], tuple[str, Values] | None]


def instant_s(read: Callable[[str], float], text: str) -> float:
    """A time, s since 1970, by one of `timestamps`' readers. MalformedError where the text is none."""
    try:
        return read(text)
    except (ValueError, OverflowError):
        raise MalformedError("its time is none") from None


def number(text: str | None) -> float:
    """A size; NaN where the line has none."""
    return _NAN if text is None or text in ("-", "-1", "") else float(text)


def registry_path(uri: str) -> tuple[list[str], str] | None:
    """The parts of a path behind `/v2/`, and its query; None where it leads to no registry."""
    try:
        split = urlsplit(uri) if "://" in uri else None
    except ValueError:
        return None
    path, _, query = uri.partition("?") if split is None else (split.path, "", split.query)
    parts = path.strip("/").split("/")
    if "v2" not in parts:
        return None
    at = parts.index("v2")
    return (parts[at + 1 :], query) if at == 0 or parts[0] in _MOUNTED else None


def values_of(
    at: float | str, method: str, uri: str, status: Any, written_bytes: float, taken_s: float, client: str,
    received_bytes: float = _NAN,
) -> Values | None:  # fmt: skip
    """What a request is about, by its path; None where that leads to no registry. MalformedError for sizes below 0."""
    found = registry_path(uri)
    if found is None:
        return None
    parts, query = found
    repository, kind, reference, upload, offset_bytes = "", "other", "", "", _NAN
    if len(parts) > 2 and parts[-2] in ("manifests", "blobs") and parts[-1] != "uploads":
        repository, kind, reference = "/".join(parts[:-2]), parts[-2][:-1], unquote(parts[-1])
    elif "uploads" in parts[-2:] and "blobs" in parts[-3:]:
        named = parse_qs(query)
        repository = "/".join(parts[: parts.index("blobs")])
        upload = parts[-1] if parts[-1] != "uploads" else ""
        kind = "mount" if "mount" in named and "digest" not in named else "upload"
        reference = (named.get("digest") or named.get("mount") or [upload])[0]
        offset_bytes = _offset(named["_state"][0]) if "_state" in named and "digest" in named else _NAN
    if any(each < 0 or each > _LARGEST for each in (written_bytes, taken_s, received_bytes)):
        raise MalformedError("has a size or a duration that cannot be")
    if isinstance(at, float) and not abs(at) < _LATEST_S:
        raise MalformedError("its time is none")
    code = int(status)
    problem = _not_by_the_specification(repository, kind, reference)
    if problem:
        if 200 <= code < 400:
            raise MalformedError(problem)
        repository, kind, reference, upload = "", "other", "", ""  # a registry has refused it
    return Values(
        at, str(method), repository, kind, reference, code, written_bytes, received_bytes, taken_s,
        _address(client), offset_bytes, upload,
    )  # fmt: skip


def _not_by_the_specification(repository: str, kind: str, reference: str) -> str:
    """What is wrong with the names in a path; nothing where they are those of a repository, and of a tag or digest.

    Blobs' digests are taken as they are, if they are ASCII: a log that was made anonymous has others.
    """
    if repository and not is_repository(repository):
        return "its repository's name is none"
    if kind == "manifest" and not (is_tag(reference) or is_digest(reference)):
        return "its reference is neither a tag nor a digest"
    return "" if reference.isascii() else "its digest is none"


def _offset(state: str) -> float:
    """The bytes that an upload had received, in the state that distribution hands to the client between requests."""
    try:
        content = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
        offset = float(json.loads(content[_SIGNED_BYTES:])["Offset"])
        return offset if 0 < offset < _LARGEST else _NAN
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return _NAN


def _address(client: str) -> str:
    """The address without its port."""
    host, colon, port = client.rpartition(":")
    return host.strip("[]") if colon and port.isdigit() and (host.count(":") == 0 or host.endswith("]")) else client
