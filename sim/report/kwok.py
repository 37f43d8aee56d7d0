"""A run's pulls as Stages for KWOK: a Kubernetes simulator then has delays per image and node instead of one for all.

KWOK makes a simulated pod ready after a delay that is uniform between `durationMilliseconds` and
`jitterDurationMilliseconds` (kubernetes-sigs/kwok, Stage API; SimKube takes both for image pulls from its stage
`pod-ready`: acrlabs/simkube pull request 255). Here is one such Stage for each image and node that a run started
instances of on: its interval is the uniform one with the mean and the standard deviation of the pulls that were
simulated, `sqrt(3)` deviations to either side, cut at 0. A pod matches by `spec.nodeName` and by a container's image,
which are a node's name and a key of `[images]`. They stand instead of the stage `pod-ready`, not beside it, since KWOK
chooses among stages that match.

Left out: instances whose image was not to be had, what a delay depends on beside image and node (whether the node has
it yet), waking, and the boot.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.result import Result

_READY: Final = """\
phase: Running
startTime: {{ Now | Quote }}
conditions:
- {type: Initialized, status: "True"}
- {type: Ready, status: "True"}
- {type: ContainersReady, status: "True"}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  started: true
  restartCount: 0
  state:
    running:
      startedAt: {{ Now | Quote }}
{{ end }}
"""
#: A uniform distribution reaches so many standard deviations to either side of its mean.
_REACH: Final = math.sqrt(3.0)


def stages(result: Result) -> dict[str, Any]:
    """A list of Stages, in the order of images and nodes in the scenario; `kubectl apply` takes it as it is."""
    pulls = _pulls_s(result)
    images, nodes = [*result.scenario.images], [name for name, _ in result.scenario.node_hosts()]
    known = [(image, node) for image in images for node in nodes if (image, node) in pulls]
    items = [_stage(number, image, node, pulls[image, node]) for number, (image, node) in enumerate(known, 1)]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _pulls_s(result: Result) -> dict[tuple[str, str], NDArray[np.float64]]:
    """How long each start waited for its image, by image and node; those that missed it are left out."""
    starts, deploys = result.tables["starts"], result.tables["deploys"]
    image_of = np.empty(len(deploys), np.int64)
    codes, images = deploys.codes("image")
    image_of[deploys.column("deploy")] = codes
    node, nodes = starts.codes("node")
    image, took_s = image_of[starts.column("deploy")], starts.column("pulled_s") - starts.column("asked_s")
    whole = starts.where("kind", "deploy") & ~starts.column("missed").astype(np.bool_) & np.isfinite(took_s)
    found: dict[tuple[str, str], NDArray[np.float64]] = {}
    pair = image.astype(np.int64) * len(nodes) + node
    for each in np.unique(pair[whole]).tolist():
        found[images[each // len(nodes)], nodes[each % len(nodes)]] = took_s[whole & (pair == each)]
    return found


def _stage(number: int, image: str, node: str, took_s: NDArray[np.float64]) -> dict[str, Any]:
    """One Stage: the pods that it is for, and its delay in whole milliseconds."""
    mean_ms, around_ms = 1e3 * float(took_s.mean()), 1e3 * _REACH * float(took_s.std())
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {
            "name": f"pull-{number}",
            "annotations": {"regsim/image": image, "regsim/node": node, "regsim/pulls": str(len(took_s))},
        },
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {
                "matchExpressions": [
                    {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
                    {"key": ".status.phase", "operator": "In", "values": ["Pending"]},
                    {"key": ".status.containerStatuses.[].state.running.startedAt", "operator": "DoesNotExist"},
                    {"key": ".spec.nodeName", "operator": "In", "values": [node]},
                    {"key": ".spec.containers.[].image", "operator": "In", "values": [image]},
                ]
            },
            "weight": 1,
            "delay": {
                "durationMilliseconds": max(0, round(mean_ms - around_ms)),
                "jitterDurationMilliseconds": round(mean_ms + around_ms),
            },
            "next": {"statusTemplate": _READY},
        },
    }
