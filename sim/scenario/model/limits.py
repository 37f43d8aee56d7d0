"""The tables `limits` of registries: how many requests, or pulls, a registry answers before it says 429.

Each limit is a token bucket: it holds `burst` tokens at the start, a request takes one, and they come back at `rate`
until it is full. A request that finds none is refused with `Retry-After`. There is one bucket for the whole registry,
one for each account, one for each address, or one for all machines of a site, as behind one address (NAT).

Docker Hub counts pulls, by account, or by address where nobody is logged in (docs.docker.com/docker-hub/usage/pulls);
Amazon ECR has buckets of requests for each account and kind of request (docs.aws.amazon.com/AmazonECR/latest/userguide/
common-errors.html). Left out: windows that end for all at once, buckets for single kinds of request, and limits of
bytes (`links`, `policies.sync` have rates).
"""

from __future__ import annotations

from typing import Final, Literal

from sim.figures import Count, Frequency, Table, figure, setting

#: Whose requests share a bucket, in the order in which limits are looked at.
SCOPES: Final = ("registry", "account", "address", "site")


class RateLimit(Table):
    """A token bucket: `burst` tokens at most, that come back at `rate`."""

    rate_per_s: Frequency = setting("rate", about="How many tokens come back, such as 20/s or 400/day.")
    burst: Count = setting("burst", about="How many tokens the bucket holds at most, and at the start.")
    counts: Literal["requests", "pulls"] = figure(
        "counts", "requests", source="Amazon ECR user guide, common errors: a bucket of API calls",
        about="Whether every request takes a token, or only the one for a manifest, once a pull, as at Docker Hub.",
    )  # fmt: skip


class RateLimits(Table):
    """What a registry limits, each with a bucket of its own for everybody whom it tells apart."""

    registry: RateLimit | None = setting("registry", None, about="Of all who ask it together.")
    account: RateLimit | None = setting("account", None, about="Of each account, by the repository that is asked for.")
    address: RateLimit | None = setting("address", None, about="Of each machine that asks.")
    site: RateLimit | None = setting("site", None, about="Of all machines of a site, as behind one address.")

    def written(self) -> list[tuple[int, RateLimit]]:
        """The limits that there are, with their places in `SCOPES`."""
        found = ((at, getattr(self, scope)) for at, scope in enumerate(SCOPES))
        return [(at, limit) for at, limit in found if limit is not None]
