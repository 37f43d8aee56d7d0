"""How long a node's pulls took, from kubelet's, containerd's or CRI-O's lines: a fixed time and a rate.

    Successfully pulled image "reg/a:1" in 3.2s (3.6s including waiting). Image size: 64753325 bytes.   kubelet
    msg="Pulled image \\"reg/a:1\\" with image id ..., size \\"64753325\\" in 3.2s"                        containerd
    msg="Pulling image: reg/a:1" id=7f ... msg="Pulled image: reg/a@sha256:ab" id=7f                     CRI-O

kubelet's stand in its log, in `kubectl describe` and in events as JSON; older ones have no size. CRI-O's two lines are
one pull by their id, and have no size. Sizes are the image's, not what travelled. Left out: layers that a node had
already, which these lines do not say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from sim.calibrate.probes.estimate import Evidence, about, line, median, sensible, values_of
from sim.errors import InputError
from sim.workload.logs.timestamps import go_duration_s, iso_s

_DURATION: Final = r"([\d.hmsuµμn]*s)"
_KUBELET: Final = re.compile(rf'Successfully pulled image \\*"(?P<image>[^"\\]+)\\*" in (?P<taken>{_DURATION})')
_WAITING: Final = re.compile(rf"\({_DURATION} including waiting\)")
_SIZE: Final = re.compile(r"Image size: (\d+) bytes")
_CONTAINERD: Final = re.compile(
    rf'(?:Pulled image|PullImage) \\*"[^"\\]+\\*" .*?size \\*"(?P<size>\d+)\\*" in {_DURATION}'
)
_CRIO: Final = re.compile(r'time="(?P<time>[^"]+)".*msg="(?P<what>Pulling|Pulled) image: [^"]*".*\bid=(?P<id>\S+)')


class Pull(NamedTuple):
    """Seconds that it took, bytes of the image (NaN where nothing says), seconds that it waited for others before."""

    taken_s: float
    size_bytes: float
    waited_s: float
    image: str = ""


def is_pulls(text: str) -> bool:
    """Whether a file's beginning has a line of a pull."""
    return any(form.search(text) is not None for form in (_KUBELET, _CONTAINERD, _CRIO))


def pulls(path: str, text: str) -> Evidence:
    """A fixed time and a rate where sizes differ, else the median. InputError for a duration that is none."""
    found = list(_pulls(path, text))
    taken = values_of(path, [pull.taken_s for pull in found], "pulls")
    sizes = np.array([pull.size_bytes for pull in found])
    known = ~np.isnan(sizes)
    source = f"{path}: {len(taken)} pulls"
    typical = median("pull", "s", taken, source)
    estimates = [typical]
    waits_s = np.array([pull.waited_s for pull in found])
    if not np.isnan(waits_s).all():
        estimates.append(median("wait for other pulls of the node", "s", waits_s[~np.isnan(waits_s)], source))
    open_ = ["which layers nodes had already: sizes are the image's, not what travelled"]
    fitted: Any = np.full(len(taken), typical.value)
    if known.sum() >= 3 and len(set(sizes[known])) >= 2:
        size_bytes = sizes[known]
        fitted_line = line(size_bytes, taken[known], source)
        estimates.append(fitted_line.start)
        estimates.extend([fitted_line.rate] if fitted_line.rate else [])
        taken, fitted = taken[known], fitted_line.fitted_s
        along, x = "image, bytes", size_bytes
        open_.append("whether central, the node's line, its disk or unpacking held the rate back")
        if fitted_line.rate is None:
            open_.append("a rate: at 95 % the time does not grow with the size")
    else:
        along, x = "pull", np.arange(len(taken), dtype=np.float64)
        open_.append("a rate: that needs three pulls or more whose lines have an `Image size`, and sizes that differ")
    keep = fitted > 0
    seen = about("pulls", along, x[keep], taken[keep], fitted[keep])
    return Evidence(path, "pulls", tuple(estimates), tuple(open_), (seen,))


def kubelet_pull(words: str) -> Pull | None:
    """The pull that kubelet's message is about, None where it is about none. ValueError for a duration that is none."""
    kubelet = _KUBELET.search(words)
    if kubelet is None:
        return None
    size, waiting = _SIZE.search(words), _WAITING.search(words)
    taken_s = sensible(go_duration_s(kubelet["taken"]))
    # Both are rounded apart, to a thousandth of themselves.
    waited_s = max((sensible(go_duration_s(waiting[1])) if waiting else taken_s) - taken_s, 0.0)
    return Pull(taken_s, sensible(float(size[1])) if size else np.nan, waited_s, kubelet["image"])


def _pulls(path: str, text: str) -> Iterator[Pull]:
    begun: dict[str, float] = {}
    for number, words in enumerate(text.splitlines(), 1):
        try:
            if (pull := kubelet_pull(words)) is not None:
                yield pull
            elif (containerd := _CONTAINERD.search(words)) is not None:
                yield Pull(sensible(go_duration_s(containerd[2])), sensible(float(containerd["size"])), np.nan)
            elif (crio := _CRIO.search(words)) is not None:
                at_s = iso_s(crio["time"].replace(" ", "T", 1))
                if crio["what"] == "Pulling":
                    begun[crio["id"]] = at_s
                elif crio["id"] in begun:
                    yield Pull(at_s - begun.pop(crio["id"]), np.nan, np.nan)
        except ValueError as error:
            raise InputError(f"{path}:{number}", str(error), "give the lines as they were written") from None
