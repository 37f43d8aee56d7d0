"""`[demand.replay]`: demand as a registry's access log has it, instead of demand made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import PlainValidator, StrictBool, StrictStr, StringConstraints, WithJsonSchema

from sim.errors import shown
from sim.figures import Duration, Fraction, Quantity, Size, Table, fault, figure, setting

_FAST18 = "Anwar et al., FAST'18: 65 % of layers are below it; only for blobs whose size the log never says"
_SKOPEO = "skopeo 1.9.3 on the measuring rig, as logged in tests/data"

Speed = Annotated[float, Quantity("number", lambda value: _number(value), repr, 1.0, above=0)]


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise fault(f"must be a number, got {shown(value)}", "write a number such as 10")


def _instant(value: object) -> float:
    """Seconds since 1970 of an ISO time; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None:
        raise fault(f"must be a time, got {shown(value)}", 'write one such as "2017-06-20T00:00:00Z"')
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


Instant = Annotated[float, PlainValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]


class Origin(Table):
    """Clients whose address in the log begins with `addresses` are the hosts of `group`, a key of nodes or clients."""

    addresses: StrictStr = setting("addresses")
    group: StrictStr = setting("group")


class Replay(Table):
    """Pushes and pulls as they were logged, `speed` times as fast, from `since` until before `until`.

    What came before `since` is in the registry at the start. `log` is looked for beside the scenario's file. An address
    that no origin names is one of the client hosts, always the same one; rows name hosts, never addresses. With `cache`
    a client keeps the blobs that it pulled; `configs` says that it gets an image's config, the last of its blobs, each
    time all the same. A client takes `start` before its first request. More than a share `malformed` of the requests is
    an error. `fields` is the server's own format string (nginx's `log_format`, Apache's `LogFormat`), for lines that
    are not recognised. Instead of a log, `operations` are pushes and pulls written by hand (`workload/operations`).
    """

    log: StrictStr = setting("log")
    format: Literal["combined", "distribution", "fast18", "json", "operations"] | None = setting("format", None)
    fields: StrictStr | None = setting("fields", None)
    speed: Speed = setting("speed", 1.0)
    since_s: Instant | None = setting("since", None)
    until_s: Instant | None = setting("until", None)
    malformed: Fraction = setting("malformed", 0.01)
    origins: Mapping[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", strict=True)], Origin] = setting(
        "origins", {}
    )
    cache: StrictBool = figure("cache", True, assumption=True)
    configs: StrictBool = figure("configs", True, source=_SKOPEO)
    start_s: Duration = figure("start", "0 s", assumption=True, range=("0 s", "5 s"))
    unknown_bytes: Size = figure("unknown", "1 MB", source=_FAST18)
