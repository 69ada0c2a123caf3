"""The number types of the config: strict (no text is turned into a number) and bounded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Integer = Annotated[int, Field(strict=True)]
PositiveInteger = Annotated[int, Field(strict=True, gt=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
PositiveNumber = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, lt=1)]
Flag = Annotated[bool, Field(strict=True)]
Text = Annotated[str, Field(strict=True, min_length=1)]


class PathMark:
    """Marks a field that holds a file or folder; a relative one is relative to its config."""


LocalPath = Annotated[str, Field(strict=True, min_length=1), PathMark()]
RUN_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_.+ -]*$"
"""What may be the name of a run's folder on every system."""
LAYER_NAME = r"^[A-Za-z0-9_.-]+$"
"""What may be the name of a layer: a part of its parameters' names, which `/` separates."""
