"""The program's version, in a module that needs nothing else of the program, for whoever writes it down."""

from __future__ import annotations

from typing import Final

__version__: Final = "0.1.0"
