"""How far dedup looks at one registry, where that is not what the policies say for all.

Two apps of one account have one kernel of 3 MB; the second is pushed 50 s after the first, both to the same registry.
"""

from __future__ import annotations

import pytest

from .small import MB, App, Deploy, demand, play, scenario

DEPLOYS = [Deploy(0.0), Deploy(50.0, app=1)]
APPS = [App(), App()]
DIRECT = {"policies__route": "node-direct"}


def sent_mb(**changes: object) -> list[int]:
    """What the two pushes send, MB."""
    return [row["pushed_bytes"] // MB for row in play(scenario(**changes), demand(DEPLOYS, apps=APPS)).deploys()]


@pytest.mark.parametrize(("scope", "second"), [("none", 4), ("repository", 4), ("account", 1), ("registry", 1)])
def test_a_registry_s_own_scope_says_what_is_sent_there(scope: str, second: int) -> None:
    """A node that knows a blob of any repository gets the rootfs alone by the second push; central has a scope, too."""
    assert sent_mb(nodes__n__dedup=scope, **DIRECT) == [4, second]
    assert sent_mb(nodes__n__dedup=scope) == [4, 4]  # both to central
    assert sent_mb(central__dedup=scope) == [4, second]


@pytest.mark.parametrize("everywhere", ["none", "account", "registry", "fleet"])
def test_a_registry_s_own_scope_goes_before_the_policies(everywhere: str) -> None:
    """A node that looks into the repository alone is sent the kernel again, however far the others look."""
    assert sent_mb(policies__dedup=everywhere, nodes__n__dedup="repository", **DIRECT) == [4, 4]


def test_scopes_of_two_registries_do_not_mix() -> None:
    """What a node knows under the scope of an account is no help at central under that of the registry."""
    own = {"nodes__n__dedup": "account", "central__dedup": "registry"}
    assert sent_mb(**own, **DIRECT) == [4, 1]
    seen = play(scenario(**own, **DIRECT), demand(DEPLOYS[:1], apps=APPS))
    assert [row["size_bytes"] // MB for row in seen.rows("syncs")] == [4]  # central is copied the kernel, once


def test_a_node_s_scope_is_what_its_pulls_look_into() -> None:
    """A node that has the kernel in another repository fetches the rootfs alone."""
    for scope, pulled in (("repository", 4), ("registry", 1)):
        seen = play(scenario(nodes__n__dedup=scope), demand(DEPLOYS, apps=APPS))
        assert seen.deploys()[1]["pulled_bytes"] // MB == pulled
