"""The keys under which a scenario names its tables: sites, nodes, clients and the like, links, and images.

An image's key is an OCI reference (`registry/reference`): `app` and `registry.example/team/app:1.2`, `latest` without
a tag, or pinned by a digest. Rows call a kind of image by its key as it is written. Left out: names in other scripts
than Latin, which no file name, unit or registry has either.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StrictStr, StringConstraints, WithJsonSchema

from sim.errors import InputError, shown
from sim.figures import invalid
from sim.registry.reference import PATTERN, Reference

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", strict=True)]
#: A link's key; one that overrides a generated link may be that one's path.
LinkName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", strict=True)]


def _referring(text: str) -> str:
    try:
        Reference.parse(text, where="")
    except InputError as error:
        got = "" if shown(text) in error.problem else f", got {shown(text)}"
        raise invalid(f"is no reference of an image: {error.problem}{got}", error.remedy) from None
    return text


ImageName = Annotated[StrictStr, AfterValidator(_referring), WithJsonSchema({"type": "string", "pattern": PATTERN})]
