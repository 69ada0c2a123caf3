"""What a regularizer is: a penalty on the size of a parameter, added to the loss."""

from __future__ import annotations

from typing import ClassVar

from dltrain.core.component import Component


class Regularizer(Component):
    """A penalty of l1 * sum(|w|) + l2 * sum(w * w)."""

    kind: ClassVar[str] = "regularizer"
    package: ClassVar[str] = "dltrain.regularizers"

    def factors(self) -> tuple[float, float]:
        """Give the factors (l1, l2)."""
        raise NotImplementedError
