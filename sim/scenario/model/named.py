"""The keys under which a scenario names its tables."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", strict=True)]
#: A link's key; one that overrides a generated link may be that one's path.
LinkName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", strict=True)]
