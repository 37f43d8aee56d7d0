"""References: the names by which images are pushed and pulled, read and printed as OCI tools do.

    index.unikraft.io/org/app:v1        what the tag v1 means when it is resolved
    org/app                             the default host's org/app:latest
    org/app@sha256:9f86d081884c7d65...  that manifest and no other

The rules are those of https://github.com/distribution/reference, which Docker, containerd and skopeo share: its
grammar (reference.go) stands above the checks here, piece by piece, and what counts as a host is `splitDockerDomain`
(normalize.go). What is accepted there is accepted here and no more, in two cases to one's surprise: a first part with
capitals is a host, so `Org/app` is `app` at a host `Org`; and one that no host can be but a path can is of the path,
so `my_host.com/app` is that path at the default host.

One parser serves all names: of `[images.NAME]`, in lists of deploys, in operations written by hand, and what paths of
a registry's log name (`is_repository`, `is_tag`, `is_digest`: there a name stands without its host, as the OCI
distribution specification has it, "Pulling manifests").

Left out, on purpose: Docker Hub's own habits. Only there does `ubuntu` mean `library/ubuntu`, and only its host goes
by two names; a registry that is asked for `app` here is asked for `app`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from sim.errors import InputError, shown
from sim.registry.oci import Digest

DEFAULT_HOST = "index.unikraft.io"
DEFAULT_TAG = "latest"

# reference := name [ ":" tag ] [ "@" digest ]
# name      := [domain '/'] remote-name
_FORM = f'write [host/]path[:tag][@digest], such as "{DEFAULT_HOST}/org/app:v1"'

# domain           := host [':' port-number]
# host             := domain-name | IPv4address | \[ IPv6address \]
# domain-name      := domain-component ['.' domain-component]*
# domain-component := /([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])/
# port-number      := /[0-9]+/
# An IPv6 address is known by its brackets and characters alone (regexp.go, `ipv6address`): no zone, no IPv4 inside.
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")

# path-component          := alpha-numeric [separator alpha-numeric]*
# path (or "remote-name") := path-component ['/' path-component]*
# alpha-numeric           := /[a-z0-9]+/
# separator               := /[_.]|__|[-]*/
# The dashes are one or more (regexp.go, `separator`); the path, not the host, is held to 255 characters (`Parse`).
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_LONGEST_PATH = 255

# tag := /[\w][\w.-]{0,127}/
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)

# identifier := /[a-f0-9]{64}/
# "cannot specify 64-byte hexadecimal strings" (normalize.go): such a name is taken for an image's identifier.
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")

# digest     := digest-algorithm ":" digest-hex
# digest-hex := /[0-9a-fA-F]{32,}/ ; At least 128 bit digest value
# `Parse` then has it validated by go-digest, which knows these algorithms by lower-case name and demands all of their
# digits, in lower case (https://github.com/opencontainers/go-digest/blob/master/algorithm.go).
_HEX_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
_HEX = re.compile(r"[a-f0-9]*")

#: The grammar as one pattern, for editors: what it lets through may still be too long, or a host that is none.
PATTERN: Final = (
    rf"^(?:(?:{_HOST.pattern})/)?{_COMPONENT.pattern}(?:/{_COMPONENT.pattern})*"
    r"(?::[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(?:@sha(?:256:[a-f0-9]{64}|384:[a-f0-9]{96}|512:[a-f0-9]{128}))?$"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of an image, in full: host, path, and a tag, a digest or both. Where there is a digest, it decides."""

    host: str
    repository: str
    tag: str | None
    digest: Digest | None

    @classmethod
    def parse(cls, text: str, *, default_host: str = DEFAULT_HOST, where: str = "reference") -> Reference:
        """Read a reference; without a host it is at `default_host`, with neither tag nor digest it is tagged `latest`.

        Raises InputError about `where`.
        """
        if _host_of(f"{default_host}/") is None or not _HOST.fullmatch(default_host):
            problem = f'default host must have a dot or a port or be "localhost", got {shown(default_host)}'
            raise InputError(where, problem, f'write one such as "{DEFAULT_HOST}"')
        if not text:
            raise InputError(where, "must not be empty", _FORM)
        if "://" in text:
            raise InputError(
                where, f"must not be a URL, got {shown(text)}", f'leave out "{text.partition("://")[0]}://"'
            )
        if _IDENTIFIER.fullmatch(text):
            problem = f"must not be 64 hex digits, which identify an image without a name, got {shown(text)}"
            raise InputError(where, problem, "write path@sha256:digits")
        host = _host_of(text)
        name, at, digest = (text if host is None else text[len(host) + 1 :]).partition("@")
        path, colon, tag = name.partition(":")
        if host is not None:
            _check_host(host, where)
        _check_path(path, where)
        if colon:
            _check_tag(tag, where)
        return cls(
            default_host if host is None else host,
            path,
            tag if colon else None if at else DEFAULT_TAG,
            parse_digest(digest, where=where) if at else None,
        )

    @property
    def name(self) -> str:
        """What a registry's API is asked for within the repository: the digest where there is one, else the tag."""
        return self.digest or self.tag or DEFAULT_TAG

    def __str__(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        digest = "" if self.digest is None else f"@{self.digest}"
        return f"{self.host}/{self.repository}{tag}{digest}"


def parse_digest(text: str, *, where: str = "digest") -> Digest:
    """Read a digest such as "sha256:" and 64 hex digits; raises InputError about `where`."""
    algorithm, colon, digits = text.partition(":")
    if not colon or not algorithm or not digits:
        problem = f'digest must be an algorithm, ":" and hex digits, got {shown(text)}'
        raise InputError(where, problem, 'write "sha256:" and 64 hex digits')
    if algorithm not in _HEX_DIGITS:
        problem = f"digest algorithm must be one of {', '.join(_HEX_DIGITS)}, got {shown(algorithm)}"
        raise InputError(where, problem, "use sha256")
    if not _HEX.fullmatch(digits):
        problem = f"digest must have the hex digits 0-9 and a-f only, got {shown(digits)}"
        raise InputError(where, problem, "copy the digest again, in lower case")
    if len(digits) != _HEX_DIGITS[algorithm]:
        problem = f"{algorithm} digest must have {_HEX_DIGITS[algorithm]} hex digits, got {len(digits)}"
        raise InputError(where, problem, "copy the whole digest")
    return Digest(text)


def is_repository(text: str) -> bool:
    """Whether it is the path of a repository, `<name>` of the distribution specification: no host, tag or digest."""
    return len(text) <= _LONGEST_PATH and all(map(_COMPONENT.fullmatch, text.split("/")))


def is_component(text: str) -> bool:
    """Whether it is one part of a repository's path, as an account is."""
    return _COMPONENT.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    """Whether it is a tag, `<reference>` of the distribution specification where that is no digest."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether it is a digest: an algorithm that is known, and all of its hex digits."""
    algorithm, _, digits = text.partition(":")
    return len(digits) == _HEX_DIGITS.get(algorithm) and _HEX.fullmatch(digits) is not None


def _host_of(text: str) -> str | None:
    """The first part, if it is a host rather than of the path: it has a dot, a colon or a capital, or is localhost.

    One that is meant as a host and can be neither is given back as well, for the error to be about the host.
    """
    first, slash, _ = text.partition("/")
    if not slash or not (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        return None
    return first if _HOST.fullmatch(first) or not _COMPONENT.fullmatch(first) else None


def _check_host(host: str, where: str) -> None:
    if not _HOST.fullmatch(host):
        problem = f"host must be a domain name, an IPv4 address or an IPv6 address in brackets, got {shown(host)}"
        raise InputError(where, problem, 'write one such as "registry.example:5000" or "[::1]:5000"; a port is digits')


def _check_path(path: str, where: str) -> None:
    if not path:
        raise InputError(where, "has no path", _FORM)
    if len(path) > _LONGEST_PATH:
        raise InputError(where, f"path must have at most {_LONGEST_PATH} characters, got {len(path)}", "shorten it")
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            _refuse_component(component, path, where)


def _refuse_component(component: str, path: str, where: str) -> NoReturn:
    if not component:
        raise InputError(where, f"path must not have an empty part, got {shown(path)}", 'write one "/" between parts')
    if _COMPONENT.fullmatch(component.lower()):
        raise InputError(where, f"path must be in lower case, got {shown(path)}", f"write {shown(path.lower())}")
    problem = 'path must be a-z and 0-9 with single ".", "_", "__" or dashes between them'
    raise InputError(where, f"{problem}, got {shown(component)}", "rename that part")


def _check_tag(tag: str, where: str) -> None:
    if not tag:
        raise InputError(where, 'has no tag after ":"', f'leave out ":" for {shown(DEFAULT_TAG)}')
    if len(tag) > 128:
        raise InputError(where, f"tag must have at most 128 characters, got {len(tag)}", "shorten it")
    if not _TAG.fullmatch(tag):
        problem = 'tag must be letters, digits, "_", "." and "-", the first neither "." nor "-"'
        raise InputError(where, f"{problem}, got {shown(tag)}", "rename it")
