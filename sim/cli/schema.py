"""`regsim schema`: the JSON Schema of scenario files."""

from __future__ import annotations

from sim.cli import lazy, options, output


def schema(as_json: options.Json = False, quiet: options.Quiet = False) -> None:
    """Print the JSON Schema of scenario files, for editors. It is JSON with and without --json."""
    output.document(lazy.schema.json_schema())
