"""Names of places as a scenario can write them, from whatever a map calls them."""

from __future__ import annotations

import re
import unicodedata


def plain_name(label: str) -> str:
    """A label in letters, digits and `_`, without accents, with a hyphen for whatever else stands between them.

    >>> plain_name("St. Louis"), plain_name("Malm\\u00f6"), plain_name("?")
    ('St-Louis', 'Malmo', '')
    """
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", label) if not unicodedata.combining(mark))
    return re.sub(r"[^A-Za-z0-9_]+", "-", bare).strip("-")
