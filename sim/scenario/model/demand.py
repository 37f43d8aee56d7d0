"""`[demand]`: what is asked of the registries, as one stream or as several of them by name.

A stream is deploys (or starts, or nodes that are replaced) with a rate, clients, images and a shape of their own. The
keys of a stream stand in `[demand]` itself, which is then the only stream, or in `[demand.streams.NAME]`; what a
stream does not say there holds for it as `[demand]` says it. Left out: deploys that wait for others, and clients that
give up and ask less often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import PlainValidator, StrictBool, StrictStr, WithJsonSchema

from sim.errors import shown
from sim.figures import (
    Count,
    Duration,
    Fraction,
    HostFrequency,
    Period,
    Table,
    Weight,
    WholeNumber,
    figure,
    invalid,
    setting,
)
from sim.scenario.model.named import Name
from sim.scenario.model.replay import Replay
from sim.scenario.model.timeofweek import ClockTimes, Hours, Weekdays, Weights

_KUBERNETES = "Kubernetes docs, horizontal pod autoscaling, an analogue: more instances beside those there are"

#: Of these a stream's own one takes the place of all that `[demand]` has.
_WHEN: Final = frozenset({"rate_per_s", "at_times", "every_s"})


def _shares(value: object) -> tuple[str, ...] | dict[str, float]:
    """Names of groups, each with its own share, or a table of names and shares."""
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list | tuple) and listed and all(isinstance(name, str) for name in listed):
        return tuple(dict.fromkeys(listed))
    if isinstance(value, Mapping) and value:
        good = all(
            isinstance(part, int | float) and not isinstance(part, bool) and part >= 0 for part in value.values()
        )
        if good and any(value.values()):
            return {str(name): float(share) for name, share in value.items()}
    remedy = 'write names such as ["dal-dev", "fra-dev"], or shares such as { dal-dev = 3, fra-dev = 1 }'
    raise invalid(f"must be names, or names with shares from 0 on, got {shown(value)}", remedy)


def _names(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list | tuple) and listed and all(isinstance(name, str) for name in listed):
        return tuple(dict.fromkeys(listed))
    raise invalid(f"must be names of streams, got {shown(value)}", 'write names such as ["developers"]')


_SHARES_SCHEMA: Final = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}, "minProperties": 1},
    ]
}
Shares = Annotated[tuple[str, ...] | dict[str, float], PlainValidator(_shares), WithJsonSchema(_SHARES_SCHEMA)]
Names = Annotated[tuple[str, ...], PlainValidator(_names), WithJsonSchema({"anyOf": _SHARES_SCHEMA["anyOf"][:2]})]


class KernelRelease(Table):
    """Every app redeploys once with a new kernel, at an instant of its own drawn between `at` and `over` later."""

    at_s: Duration = setting("at", about="When the first app redeploys with the new kernel.")
    over_s: Duration = figure(
        "over", "1 h", assumption=True, about="Within what time after that all apps have redeployed."
    )


class Ramp(Table):
    """A rate that goes evenly `to` another over some time, and stays there."""

    to: HostFrequency = setting("to", about="The rate in the end.")
    at_s: Duration = setting("at", "0 s", about="When the rate begins to change, from the start of the run.")
    over_s: Period = setting("over", about="How long it takes from the stream's rate to the one in the end.")


class Stream(Table):
    """Deploys that come alike: how many a second, from which clients, of which apps and images, when.

    `rate` is the mean over a week, whatever the shape: what comes within the hours and by the weights, and a share of
    that `outside` of the hours. With `at` or `every` the stream comes at these times instead of at a rate, a `batch`
    each time, within its hours. A share of updates, `rollbacks`, goes back to the image before the last. Of a share of
    the deploys, `removals`, the image is removed where it was pushed to, a while after the deploy ended.
    """

    kind: Literal["deploys", "starts", "replacements"] = setting(
        "kind",
        "deploys",
        about="Whether it pushes and starts images, starts images that are there, or replaces nodes, whose instances "
        "start elsewhere.",
    )
    rate_per_s: HostFrequency = figure(
        "rate",
        "50000/day",
        assumption=True,
        range=("1000/day", "1000000/day"),
        about='Deploys a second, or replaced nodes, the mean over a week; "3/day per node" and "5/h per client" count '
        "the nodes there are, or the stream's clients.",
    )
    arrivals: Literal["poisson", "even"] = figure(
        "arrivals",
        "poisson",
        assumption=True,
        about="Whether deploys come at random (poisson) or one after another at even times.",
    )
    clients: Shares | None = setting(
        "clients", None, about="The groups of clients that it comes from, by their own shares or with others; else all."
    )
    images: Shares | None = setting(
        "images", None, about="The kinds of images that it is about, by their own shares or with others; else all."
    )
    hours: Hours | None = setting(
        "hours", None, about='When it comes, in the time zone of each client\'s site: "09:00-18:00", or several.'
    )
    weekdays: Weekdays | None = setting("weekdays", None, about='On which days it comes, such as "Mon-Fri"; else all.')
    weights: Weights | None = setting(
        "weights",
        None,
        about="How much comes in each hour relative to others: 24 of the day, or 168 of the week from Monday on, in "
        "the time zone of each client's site.",
    )
    outside: Fraction = figure(
        "outside",
        0.0,
        assumption=True,
        range=(0.0, 0.5),
        about="How much comes outside of the hours and weekdays, as a share of what comes within them.",
    )
    ramp: Ramp | None = setting("ramp", None, about="A rate that changes over the run.")
    batch: Count = figure(
        "batch", 1, assumption=True, range=(1, 100), about="How many deploys come at once, each of an app of its own."
    )
    at_times: ClockTimes | None = setting(
        "at",
        None,
        about="Times of day at which it comes instead of at a rate, in each client's site's zone: \"02:00\".",
    )
    every_s: Period | None = setting(
        "every", None, about="A part of the day after which it comes again, from midnight on, instead of at a rate."
    )
    spread_s: Duration = figure(
        "spread",
        "0 s",
        assumption=True,
        range=("0 s", "10 min"),
        about="Over how long a batch that comes at a time or every so long is spread at random.",
    )
    updates: Fraction = figure(
        "updates",
        0.9,
        assumption=True,
        about="The part of the deploys that update an app that is there; the others are of new ones.",
    )
    apps: WholeNumber = figure("apps", 5000, assumption=True, about="How many apps there are at the start.")
    popularity: Weight = figure(
        "popularity",
        0.8,
        assumption=True,
        range=(0.0, 1.2),
        about="The exponent of Zipf's law by which apps are chosen for updates: 0 is all alike.",
    )
    nodes: Count = figure(
        "nodes", 1, assumption=True, range=(1, 10), about="How many nodes each deploy starts an instance on."
    )
    reference: Literal["client", "tag", "digest"] = figure(
        "reference",
        "client",
        source="unikraft/kraftkit, cloud/deploy: KraftKit pins by digest",
        about="Whether nodes pull by a tag, which may have moved on, or by the digest that was pushed; client: as each "
        "client asks by its code.",
    )
    rollbacks: Fraction = figure(
        "rollbacks",
        0.0,
        assumption=True,
        range=(0.0, 0.2),
        about="The share of updates that go back to an older image.",
    )
    removals: Fraction = figure(
        "removals",
        0.0,
        assumption=True,
        range=(0.0, 0.5),
        about="The part of the deploys whose image is removed from where it was pushed to.",
    )
    of: Names | None = setting(
        "of",
        None,
        about="The streams whose apps are started; else starts have apps of their own.",
    )
    starts_on: Literal["more-nodes", "same-nodes"] = figure(
        "starts_on",
        "more-nodes",
        source=_KUBERNETES,
        assumption=True,
        about="Whether starts are on more nodes than an app has, as a scale-out, or on those where its deploys start.",
    )
    clones: StrictBool = figure(
        "clones",
        False,
        source="Unikraft Cloud docs: instances may be started from a template's snapshot",
        about="Whether starts clone a template of their app, so that they pull nothing.",
    )

    @property
    def is_timed(self) -> bool:
        """Whether it comes at times, not at a rate."""
        return self.at_times is not None or self.every_s is not None

    @property
    def is_shaped(self) -> bool:
        """Whether it comes at some times more than at others."""
        shapes = (self.hours, self.weekdays, self.weights, self.ramp)
        return self.is_timed or any(shape is not None for shape in shapes)

    def superseded(self) -> frozenset[str]:
        """The attributes that do not count: of `[demand.streams.NAME]` those that it leaves to `[demand]`."""
        return frozenset()


class NamedStream(Stream):
    """A stream beside others; the keys that it does not write are those of `[demand]`."""

    def superseded(self) -> frozenset[str]:
        """What is not written."""
        return frozenset(type(self).model_fields) - self.model_fields_set

    def over(self, base: Stream) -> Stream:
        """This stream with the values of `base` where it has none of its own."""
        own = self.own()
        values = {
            field.alias or name: getattr(self if name in own else base, name)
            for name, field in Stream.model_fields.items()
        }
        return Stream.model_construct(**values)

    def own(self) -> frozenset[str]:
        """The attributes that are not left to `[demand]`: those written, and with a rate that it comes at no times."""
        written = frozenset(self.model_fields_set)
        return written | (_WHEN - {"rate_per_s"} if written & _WHEN else frozenset())


class Demand(Stream):
    """What is asked of the registries: one stream, or several `streams` for which its own keys are defaults.

    An instance that `runs_for` so long is scaled to zero, `sleeps_for` a while, and `wakes` so many times; without it
    it runs until another deploy of its app takes its place.
    """

    streams: Mapping[Name, NamedStream] = setting(
        "streams",
        {},
        about="Several streams of demand by name, each with keys of its own; else [demand] is the only one.",
    )
    warm: StrictBool = figure(
        "warm",
        True,
        assumption=True,
        about="Whether registries hold at the start the images of the apps that are there.",
    )
    runs_for_s: Period | None = setting(
        "runs_for",
        None,
        about="After how long an instance is scaled to zero; without it, it runs until its app is deployed again.",
    )
    sleeps_for_s: Duration = figure(
        "sleeps_for",
        "1 h",
        assumption=True,
        about="How long an instance that was scaled to zero sleeps until it wakes.",
    )
    wakes: WholeNumber = figure(
        "wakes", 0, assumption=True, range=(0, 100), about="How often an instance that was scaled to zero wakes."
    )
    removed_after_s: Duration = figure(
        "removed_after", "1 h", assumption=True, about="How long after its deploy ended such an image is removed."
    )
    kernel_release: KernelRelease | None = setting(
        "kernel_release", None, about="A new kernel with which every app redeploys once."
    )
    table: StrictStr | None = setting(
        "table",
        None,
        about="A CSV file of deploys, or its text, instead of drawn ones: a row each, with the column time and, as "
        "wanted, client, app, image, rootfs, nodes, update, push and beside.",
    )
    replay: Replay | None = setting("replay", None, about="Pushes and pulls taken from a log instead of drawn.")

    def named(self) -> dict[str, Stream]:
        """The streams by name, whole; the only one has none. Where a table lists the deploys no stream counts."""
        if self.table is not None:
            return {"": self}
        return {name: one.over(self) for name, one in self.streams.items()} or {"": self}

    def pushed_to(self) -> Iterator[tuple[str, Stream]]:
        """The streams that have apps of their own."""
        for name, stream in self.named().items():
            if stream.kind == "deploys" or (stream.kind == "starts" and stream.of is None):
                yield name, stream
