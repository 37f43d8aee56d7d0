"""`regsim replay`: a registry's own log, simulated, beside what it says was done."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import lazy, options, output
from sim.errors import InputError
from sim.files import write_json


def replay(
    file: options.File,
    settings: options.Settings = None,
    policies: options.Policies = None,
    variant: options.Variant = None,
    speed: Annotated[str | None, typer.Option(metavar="X", help="Play the log so many times as fast.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Begin there; an ISO time.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="End before this.")] = None,
    seed: options.Seed = None,
    engine: options.Engine = None,
    out: options.Out = None,
    as_json: options.Json = False,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> None:
    """Replay the log that a scenario names, and print simulated beside logged."""
    changes = options.overrides(settings, policies=policies) | _window(speed, since, until)
    scenario = options.load(file, changes, variant, strict=strict, quiet=quiet)
    if scenario.demand.replay is None:
        raise InputError(f"{file}: demand.replay", "is missing", 'name a log by log = "access.log"')
    if scenario.demand.replay.route != "logged":
        problem = "sends the log's pushes by the policies, so that nothing stands beside the log"
        raise InputError(f"{file}: demand.replay.route", problem, "use regsim run or compare, or leave it out")
    number, chosen = options.whole("--seed", seed, least=0), options.engine(engine)
    folder = output.writable(out)
    if not quiet:
        output.note(f"replaying {scenario.demand.replay.log} in {output.named(scenario)}")
    found = lazy.replayed.replayed(scenario, number, chosen)
    if folder is not None:
        with output.writing(folder):
            write_json(folder / "replay.json", found.to_json())
            found.run.result.write(folder)
    if as_json:
        output.document(found.to_json())
    else:
        output.line(found.to_text())


def _window(speed: str | None, since: str | None, until: str | None) -> dict[str, object]:
    given: dict[str, object] = {"since": since, "until": until}
    if speed is not None:
        try:
            given["speed"] = float(speed)
        except ValueError:
            raise InputError("--speed", f'must be a number, got "{speed}"', "write for example --speed 10") from None
    return {f"demand.replay.{key}": value for key, value in given.items() if value is not None}
