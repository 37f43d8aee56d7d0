"""Why a deploy failed, in words, by the numbers that ops return (`sim.protocol.codes`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sim.engines.limits import LIMIT_REASONS
from sim.protocol.codes import (
    BLOB_GONE,
    CONNECTION_LOST,
    CONNECTION_TIMED_OUT,
    DISK_FULL,
    FETCH_BROKE_OFF,
    IMAGE_NOT_FOUND,
    NOT_AT_CENTRAL,
    NOT_ON_ITS_NODE,
    QUOTA_EXCEEDED,
    REGISTRY_DOWN,
    TOKEN_REFUSED,
)

REASONS: Final[Mapping[int, str]] = {
    0: "",
    CONNECTION_LOST: "connection lost",
    CONNECTION_TIMED_OUT: "connection timed out",
    REGISTRY_DOWN: "registry down",
    FETCH_BROKE_OFF: "the fetch that it joined broke off",
    BLOB_GONE: "a blob is gone",
    NOT_AT_CENTRAL: "not at central within {patience_s:g} s",
    NOT_ON_ITS_NODE: "not on its node within {patience_s:g} s",
    IMAGE_NOT_FOUND: "image not found",
    DISK_FULL: "disk full",
    QUOTA_EXCEEDED: "quota exceeded",
    TOKEN_REFUSED: "token refused",
    **LIMIT_REASONS,
}
