"""The command line, `regsim` and `python -m sim`: reads options, asks the simulator, prints what it finds.

`app` lists the verbs, `options` what several of them take, and a file of its own holds each verb. `exit_codes` turns
whatever happened into an exit code. Answers go to standard output, all else to standard error.

All of these are loaded for `regsim --help` and therefore light; what computes, draws or prints tables is in `lazy`.
"""

from __future__ import annotations

from sim.cli.app import main

__all__ = ["main"]
