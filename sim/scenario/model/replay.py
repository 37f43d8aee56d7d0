"""The table `[demand.replay]`: demand as a registry's access log has it, instead of synthetic demand.

Which log formats are read, and how requests become pushes and pulls, is in `workload/logs`. Left out: removals that a
log has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import PlainValidator, StrictBool, StrictStr, StringConstraints, WithJsonSchema

from sim.errors import shown
from sim.figures import Duration, Fraction, Quantity, Size, Table, figure, invalid, setting

_FAST18 = "Anwar et al., FAST'18: 65 % of layers are below it; only for blobs whose size the log never says"
_SKOPEO = "skopeo 1.9.3 on the measuring rig, as logged in tests/data"

Speed = Annotated[float, Quantity("number", lambda value: _number(value), repr, 1.0, above=0)]


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise invalid(f"must be a number, got {shown(value)}", "write a number such as 10")


def _instant(value: object) -> float:
    """Seconds since 1970 of an ISO time; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None:
        raise invalid(f"must be a time, got {shown(value)}", 'write one such as "2017-06-20T00:00:00Z"')
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


Instant = Annotated[float, PlainValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]


class Origin(Table):
    """Clients whose address in the log begins with `addresses` are the hosts of `group`, a key of nodes or clients."""

    addresses: StrictStr = setting("addresses", about="How the addresses of these clients begin in the log.")
    group: StrictStr = setting(
        "group", about="The group whose hosts they are: a key of nodes or clients, or nodes/KEY or clients/KEY."
    )


class Replay(Table):
    """Pushes and pulls as they were logged, `speed` times as fast, from `since` until before `until`.

    What came before `since` is in the registry at the start. `log` is looked for beside the scenario's file. An address
    that no origin names is one of the client hosts, always the same one; rows name hosts, never addresses. With `cache`
    a client keeps the blobs that it pulled; `configs` says that it gets an image's config, the last of its blobs, each
    time all the same. A client takes `start` before its first request. More than a share `malformed` of the requests is
    an error. `fields` is the server's own format string (nginx's `log_format`, Apache's `LogFormat`), for lines that
    are not recognised. Instead of a log, `operations` are pushes and pulls written by hand (`logs/handwritten`).

    With `route = "policies"` its pushes are deploys that go by the scenario's routes, fan-outs and placements, and its
    pulls are left out (`workload/redeployed`); then `cache`, `configs` and `start` mean nothing.
    """

    log: StrictStr = setting("log", about="The log's file, from the scenario's folder.")
    format: Literal["combined", "distribution", "fast18", "json", "operations"] | None = setting(
        "format", None, about="The log's format; without it, its first lines decide."
    )
    fields: StrictStr | None = setting(
        "fields", None, about="The server's own format string of the log, for lines that are not recognised."
    )
    speed: Speed = setting("speed", 1.0, about="How many times as fast as it was logged demand comes.")
    since_s: Instant | None = setting(
        "since", None,
        about="The time at which the replay begins; what was pushed before is in the registry at its start.",
    )  # fmt: skip
    until_s: Instant | None = setting("until", None, about="The time before which the replay ends.")
    malformed: Fraction = setting(
        "malformed", 0.01, about="The part of the requests that may be unreadable before the log is refused."
    )
    origins: Mapping[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", strict=True)], Origin] = setting(
        "origins", {}, about="Which of the log's clients are which hosts, by any name."
    )
    route: Literal["logged", "policies"] = setting(
        "route", "logged",
        about="Whether pushes and pulls go as they were logged, or pushes are deploys that go by the policies.",
    )  # fmt: skip
    boot_s: Duration = figure(
        "boot", "4 ms", source="Unikraft blog, nginx; docs, rootfs-compression, playwright", range=("4 ms", "1152 ms"),
        about="How long an instance of a logged image takes to boot where pushes go by the policies.",
    )  # fmt: skip
    cache: StrictBool = figure("cache", True, assumption=True, about="Whether clients keep the blobs that they pulled.")
    configs: StrictBool = figure(
        "configs", True, source=_SKOPEO, about="Whether clients get an image's config again with each pull."
    )
    start_s: Duration = figure(
        "start", "0 s", assumption=True, range=("0 s", "5 s"), about="How long a client takes before its first request."
    )
    unknown_bytes: Size = figure(
        "unknown", "1 MB", source=_FAST18, about="The size of a blob whose size the log does not say."
    )
