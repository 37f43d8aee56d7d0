"""Files that somebody gives, damaged: each parser reads what is left of one or refuses it in one line.

The seeds are files of real systems (`tests/data/field`) and results of our own; a damaged one has bytes replaced, left
out or repeated, be it a digit or half of the file.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.calibrate import calibration
from sim.calibrate.rig.reading import read_measured, read_scenarios
from sim.errors import InputError
from sim.experiment import kept
from sim.experiment.execution.store import Store, key
from sim.experiment.execution.worker import outcome_of
from sim.experiment.rerun import recorded
from sim.scenario import Scenario
from sim.scenario.document import parse_setting
from sim.scenario.model import deploylist
from sim.scenario.model.images import SizesError, _column
from sim.scenario.model.thresholds import threshold

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

DATA: Final = Path(__file__).parent / "data"
RIG: Final = Path(__file__).parent / "rig"
#: Of a file so much is a seed: its head and its tail.
PART_BYTES: Final = 6000

JUNK: Final = st.sampled_from(
    [b"", b"\0", b"\n", b'"', b"-1", b"0", b"1e999", b"nan", b"9" * 400, b"9" * 5000, b"[" * 3000, b"{}", b"[]",
     b"null", b"\xff\xfe", b"\\ud800", b"\x1b[31m", b",", b"\t", b"$", b"\\", b"&amp;", b"0x", b"sha256:",
     b"9999-12-31T23:59:60Z"]
) | st.binary(max_size=12)  # fmt: skip


def content(path: Path) -> bytes:
    """The file, unpacked, its head and its tail."""
    found = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if len(found) <= PART_BYTES:
        return found
    half = PART_BYTES // 2
    return found[: found.rfind(b"\n", 0, half) + 1 or half] + found[found.find(b"\n", len(found) - half) + 1 :]


@st.composite
def damaged(draw: st.DrawFn, seeds: dict[str, bytes]) -> tuple[str, bytes]:
    """One of the seeds by its name, some of it replaced, left out, or repeated, once or a few times."""
    name = draw(st.sampled_from(sorted(seeds)))
    found = seeds[name]
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(found)))
        end = min(len(found), begin + draw(st.sampled_from([0, 1, 2, 5, 20, 100, 10**6])))
        again = found[begin:end] if draw(st.integers(0, 4)) == 0 else b""
        found = found[:begin] + draw(JUNK) + again * 2 + found[end:]
    return name, found


@contextmanager
def refused_in_a_line() -> Iterator[None]:
    """What is refused is so in lines without a control character, and in no other way."""
    said = ""
    try:
        yield
    except InputError as error:
        said = str(error)
    assert all(line.isprintable() for line in said.split("\n"))


def seeds_of(*patterns: str) -> dict[str, bytes]:
    """Files under `tests/data` by their names."""
    return {path.name: content(path) for each in patterns for path in sorted(DATA.glob(each)) if path.is_file()}


MEASURED: Final = seeds_of("field/*/*.log", "field/*/*.log.gz", "field/*/*.json", "field/*/*.json.gz",
                           "field/*/*.txt", "field/*/*.csv", "field/*/*.out", "field/*/*.csv.gz", "*.txt", "*.log",
                           "iperf3.json")  # fmt: skip
MAPS: Final = seeds_of("field/*/*.graphml")
TOML: Final = seeds_of("field/*/*.toml", "gate/scenario.toml")


@settings(max_examples=settings.default.max_examples // 2)
@given(found=damaged(MEASURED))
def test_what_is_measured_is_read_or_refused(
    found: tuple[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Logs of registries and proxies, ping, iperf3, k6, kubelet: an estimate or a line."""
    path = tmp_path_factory.getbasetemp() / found[0].removesuffix(".gz")
    path.write_bytes(found[1])
    with refused_in_a_line():
        calibration.read(str(path))


@given(found=damaged(MAPS))
def test_a_map_is_read_or_refused(found: tuple[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    """GraphML: links, or what the shape says is wrong."""
    path = tmp_path_factory.getbasetemp() / "map.graphml"
    path.write_bytes(found[1])
    with refused_in_a_line():
        shape = {"shape": "graphml", "file": str(path)}
        Scenario.from_document({"topology": shape, "nodes": {"n": {}}, "clients": {"c": {}}, "images": {}}, "map")


@given(found=damaged(TOML))
def test_a_scenario_s_file_is_read_or_refused(
    found: tuple[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """TOML of any kind: a scenario or lines."""
    path = tmp_path_factory.getbasetemp() / "scenario.toml"
    path.write_bytes(found[1])
    with refused_in_a_line():
        sim.load(path)


DEPLOYS: Final = {
    "deploys": b"time,client,app,image,rootfs,nodes\n1.5,dev1,a,app,2 MB,1\n90 s,dev,b,app,1300000,2\n1e3,dev2,,,,\n"
}


@given(found=damaged(DEPLOYS))
def test_a_list_of_deploys_is_read_or_refused(found: tuple[str, bytes]) -> None:
    """CSV: columns, or the cells that are wrong."""
    try:
        text = found[1].decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    assert deploylist.parsed(text) is not None


@given(found=damaged({"sizes": b"size\n100\n2 MB\n1.5e6\n"}))
def test_a_column_of_sizes_is_read_or_refused(
    found: tuple[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """CSV: sizes above 0, or what is wrong with the file or the column."""
    path = tmp_path_factory.getbasetemp() / "sizes.csv"
    path.write_bytes(found[1])
    with contextlib.suppress(SizesError):
        assert min(_column.__wrapped__(path, 0, "size")) > 0


@given(found=damaged({each: content(RIG / each) for each in ("cubic.json", "bbr.json")}))
def test_a_rig_is_read_or_refused(found: tuple[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    """JSON: scenarios, or lines."""
    path = tmp_path_factory.getbasetemp() / "rig.json"
    path.write_bytes(found[1])
    with refused_in_a_line():
        read_scenarios(path)


@given(found=damaged({"cubic.csv": content(RIG / "cubic.csv")}))
def test_what_a_rig_measured_is_read_or_refused(
    found: tuple[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """CSV: rows, or lines."""
    path = tmp_path_factory.getbasetemp() / "rig.csv"
    path.write_bytes(found[1])
    with refused_in_a_line():
        read_measured(path)


@given(text=st.text(max_size=40) | st.sampled_from(["deploy_latency_s.p95 < 5 s"]).flatmap(
    lambda good: st.tuples(st.integers(0, len(good)), st.text(max_size=4)).map(
        lambda cut: good[: cut[0]] + cut[1] + good[cut[0] + 2 :])))  # fmt: skip
def test_words_of_the_command_line_are_read_or_refused(text: str) -> None:
    """A threshold, and a KEY=VALUE."""
    with refused_in_a_line():
        threshold(text)
    with refused_in_a_line():
        parse_setting(text)


VALUES: Final = (
    st.sampled_from([None, True, [], {"": [[1]]}, {"a": {}}, "", "x", "\ud800", 10**40, -1, 1e300])
    | st.floats()
    | st.text(max_size=4)
)


@settings(max_examples=settings.default.max_examples // 2)
@given(data=st.data())
def test_an_edited_manifest_is_read_or_refused(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any value at any place of a manifest, or none: what can be made again, or lines that name the file."""
    manifest = json.loads((DATA / "gate/manifest.json").read_bytes())
    at: Any = manifest
    while True:
        place = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not (isinstance(at[place], dict | list) and at[place] and data.draw(st.booleans())):
            break
        at = at[place]
    if data.draw(st.booleans()):
        at[place] = data.draw(VALUES)
    else:
        del at[place]
    path = tmp_path_factory.getbasetemp() / "manifest.json"
    path.write_text(json.dumps(manifest))
    with refused_in_a_line():
        assert recorded(path.parent).digests


@pytest.fixture(scope="module")
def small_result(tmp_path_factory: pytest.TempPathFactory, two_sites: str) -> bytes:
    """What `compare --keep` writes of a run of each of two variants."""
    path = tmp_path_factory.mktemp("kept") / "two.toml"
    path.write_text(f'{two_sites}\nrun.duration = "1 h"\ndemand.rate = "10/h"\n')
    kept.keep(sim.compare(sim.load(path), runs=1, executor="serial", engine="reference", gains=0), path)
    return path.read_bytes()


@given(data=st.data())
def test_a_kept_result_is_read_or_refused(
    data: st.DataObject, small_result: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Damaged as text, or as what is packed: lines that name the file, or what was kept."""
    _, found = data.draw(damaged({"kept": small_result}))
    path = tmp_path_factory.getbasetemp() / data.draw(st.sampled_from(["kept.json", "kept.json.gz"]))
    path.write_bytes(
        found if path.suffix == ".json" else gzip.compress(found)[: data.draw(st.sampled_from([None, 90]))]
    )
    with refused_in_a_line():
        assert kept.read(path).values is not None


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, two_sites: str) -> tuple[Store, str, bytes]:
    """A store with one run, the run's name, and what its file has."""
    path = tmp_path_factory.mktemp("one") / "two.toml"
    path.write_text(f'{two_sites}\nrun.duration = "1 h"\ndemand.rate = "10/h"\n')
    scenario = sim.load(path)
    store, name = Store(path.parent / "store", lambda line: None), key(scenario, 1, 0)
    store.put(name, outcome_of(sim.run(scenario, engine="reference")))
    (file,) = store.directory.glob("??/*.json")
    return store, name, file.read_bytes()


@given(data=st.data())
def test_a_damaged_run_of_a_store_is_made_again(data: st.DataObject, stored: tuple[Store, str, bytes]) -> None:
    """Whatever was damaged in it, it is as it was or taken as missing."""
    store, name, whole = stored
    _, found = data.draw(damaged({"run": whole}))
    (file,) = store.directory.glob("??/*.json")
    file.write_bytes(found)
    assert (store.get(name) is None) == (found != whole)


@given(data=st.data())
def test_a_run_that_was_edited_with_its_checksum_is_made_again(
    data: st.DataObject, stored: tuple[Store, str, bytes]
) -> None:
    """Values of another kind are no outcome, whatever the checksum says."""
    store, name, whole = stored
    document = json.loads(whole.partition(b"\n")[2])
    place = data.draw(st.sampled_from(sorted(set(document) - {"schema", "key"})))
    value = data.draw(st.none() | st.text(max_size=3) | st.just([[]]) | st.just({"a": []}))
    document[place] = value
    line = json.dumps(document).encode() + b"\n"
    (file,) = store.directory.glob("??/*.json")
    file.write_bytes(_checksum(line) + b"\n" + line)
    found = store.get(name)
    assert found is None or (place == "digest" and isinstance(value, str))


def _checksum(line: bytes) -> bytes:
    return hashlib.sha256(line).hexdigest().encode()
