"""`regsim new`: a commented scenario to start from, by answers at a terminal or by options."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

import sim
from sim.cli import lazy, options, output
from sim.errors import InputError
from sim.units import UnitError

T = TypeVar("T")


def _option(metavar: str, about: str) -> Any:
    return typer.Option(metavar=metavar, help=about, show_default=False)


def new(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file to write, - for standard output.")],
    question: Annotated[str | None, _option("TEXT", "The question in a few words.")] = None,
    sites: Annotated[str | None, _option("NAMES", "Sites, as in 'dal, fra:50.1:8.7' (latitude, longitude).")] = None,
    central: Annotated[str | None, _option("SITE", "Where the central registry is; else at the first.")] = None,
    rtt: Annotated[str | None, _option("TIME", "Round trip between sites, instead of by their positions.")] = None,
    capacity: Annotated[str | None, _option("RATE", "What each link between sites carries.")] = None,
    nodes: Annotated[str | None, _option("COUNT", "Nodes at each site, as in 4 or 'dal=4, fra=2'.")] = None,
    clients: Annotated[str | None, _option("COUNT", "Machines that deploy at each site, likewise.")] = None,
    rate: Annotated[str | None, _option("RATE", "How many deploys, as in 2000/day.")] = None,
    images: Annotated[str | None, _option("SIZES", "Images, as in 'app = 36 MiB + 4.3 MB, rom = 5 MB'.")] = None,
    compare: Annotated[str | None, _option("KEY=VALUES", "What variants differ in, as in demand.nodes=1,3.")] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a commented scenario to start from. What options leave open is asked for at a terminal."""
    if file == "-" and as_json:
        raise InputError("regsim new: -", "standard output can't have the scenario and a document", "drop --json")
    if file != "-" and Path(file).exists():
        raise InputError(file, "is there already, and nothing is overwritten", "name another file")
    made, ask = lazy.template, _Asking(sys.stdin.isatty() and not as_json)
    title = ask("question", "The question, in a few words", question, made.QUESTION, str.strip)
    places = ask("sites", "Sites (NAME, or NAME:LATITUDE:LONGITUDE)", sites, made.SITES, made.sites)
    at = ask("central", "Site of the central registry", central, places[0].name, str.strip)
    if len(places) > 1:
        by_distance = all(place.position for place in places)
        usual = "by distance" if by_distance else made.RTT
        rtt = ask.figure("rtt", "Round trip between sites", rtt, "topology.rtt", usual)
        capacity = ask.figure("capacity", "Capacity between sites", capacity, "links.NAME.capacity", made.CAPACITY)
    counted = {
        what: ask(what, f"{asked} at each site", given, usual, partial(made.counts, what, places))
        for what, asked, given, usual in (
            ("nodes", "Nodes", nodes, made.NODES),
            ("clients", "Machines that deploy", clients, made.CLIENTS),
        )
    }
    rate = ask.figure("rate", "Deploys", rate, "demand.rate", made.RATE)
    kinds = ask("images", "Images (NAME = KERNEL + ROOTFS)", images, made.IMAGES, made.images)
    differ = ask("compare", "What variants differ in (KEY = VALUE, VALUE)", compare, made.COMPARE, made.compared)
    answers = made.Answers(
        title, places, at, counted["nodes"], counted["clients"], kinds, differ, rate=rate, rtt=rtt, capacity=capacity
    )
    _write(file, made.written(answers, file), as_json, quiet)


class _Asking:
    """What options gave, else what is answered at a terminal, else what is usual."""

    def __init__(self, at_terminal: bool) -> None:
        self._at_terminal = at_terminal

    def __call__(self, option: str, asked: str, given: str | None, usual: str, read: Callable[[str], T]) -> T:
        """The answer as `read` has it; one that it refuses is asked for again, as an option's value it is bad use."""
        if given is not None or not self._at_terminal:
            try:
                return read(usual if given is None else given)
            except InputError as error:
                raise InputError(f"--{option}", error.problem, error.remedy) from None
        while True:
            try:
                return read(_answered(f"{asked} [{usual}]: ") or usual)
            except InputError as error:
                output.note(f"{error.problem}; {error.remedy}")

    def figure(self, option: str, asked: str, given: str | None, key: str, usual: str) -> str | None:
        """The text of a figure, None where the usual one holds."""

        def read(text: str) -> str | None:
            if text == usual:
                return None
            quantity = lazy.keys.find(key)[0].quantity
            assert quantity is not None
            try:
                quantity.read(text)
            except UnitError as error:
                raise InputError("", error.problem, error.remedy) from None
            return text

        return self(option, asked, given, usual, read)


def _answered(question: str) -> str:
    """What is typed after a question on standard error; typer's prompt would put a space into the answer."""
    sys.stderr.write(question)
    sys.stderr.flush()
    typed = sys.stdin.readline()
    if not typed:
        raise typer.Abort
    return typed.strip()


def _write(file: str, text: str, as_json: bool, quiet: bool) -> None:
    """The scenario into its file, once it is known to be one; a file that came meanwhile stays as it is."""
    warnings = sim.Scenario.from_document(tomllib.loads(text), file).warnings
    if file == "-":
        output.text(text)
        return
    try:
        with Path(file).open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise InputError(file, f"cannot be written ({error.strerror})", "name a file in a directory of yours") from None
    if as_json:
        output.document({"schema": "regsim.new/1", "file": file, "warnings": [each.to_json() for each in warnings]})
    elif not quiet:
        output.note(f"wrote {file}; see it by regsim show {file}, run it by regsim compare {file}")
