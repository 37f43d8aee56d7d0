"""What each client does when a registry answers 429, `Too Many Requests`, or does not answer.

The answer may carry `Retry-After`, the seconds after which another try is worth while
(https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after); clients that heed it wait so long, up to a longest wait
of their own, others wait as they always do, and some do not try again at all. All of it was read in the clients' code:

- containers/image, docker/docker_client.go: `makeRequestToResolvedURL` makes five tries, waits what `Retry-After` says
  or 2 s doubled, at most 60 s, and does not send a request again that has a body.
- containerd, core/remotes/docker/resolver.go: `retryRequest` sends the request again at once, five times.
- moby, distribution/errors.go: `retryOnError` makes `ErrorCodeTooManyRequests` a `DoNotRetry`.
- oras-go, registry/remote/retry/policy.go: `DefaultPolicy` tries five times more, waits what `Retry-After` says up to
  60 s, or 0.25 s doubled. A blob's body, read from a file, can't be sent twice.
- go-containerregistry, pkg/v1/remote/transport/error.go: the code `TOOMANYREQUESTS` in an answer's body is temporary,
  so that an upload or a manifest is tried three times, after 1 s and 3 s (pkg/v1/remote/options.go); the answer to a
  `HEAD` has no body to say so, and what is fetched is not tried again.

How long a client waits for an answer to what it has sent is unlimited in most (`sim.registry.clients`); the `unikraft`
CLI gives up after 30 s (unikraft-cloud/cli, pull 511), as containerd's transport does by now.

Left out: waits that are drawn (jitter), and what KraftKit repeats of a blob's upload before the request that was
refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Throttled:
    """A refused request is sent again once for each of `waits_s`, after that wait.

    `heeds_s` is the longest `Retry-After` that is waited for in its place; 0: the client does not look at it. Requests
    that begin with one of `never` are not sent again.
    """

    waits_s: tuple[float, ...] = ()
    heeds_s: float = 0.0
    never: tuple[str, ...] = ()

    def sends_again(self, request: str) -> bool:
        """Whether it tries this request again."""
        return bool(self.waits_s) and not request.startswith(self.never)


#: What a pull is counted by: of an image for several architectures each that is fetched counts once
#: (docs.docker.com/docker-hub/usage/pulls), so its manifest does, and the index that led to it does not.
COUNTED_AS_PULL: Final = "GET manifest"
