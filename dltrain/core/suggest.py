"""The nearest of the allowed names to one that is not."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from itertools import zip_longest


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the allowed name most like `name`, or None when none is near."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    key = name.lower().replace("-", "_").replace(" ", "_")
    if key in by_lower:
        return by_lower[key]
    squeezed = {lower.replace("_", ""): candidate for lower, candidate in by_lower.items()}
    if key.replace("_", "") in squeezed:
        return squeezed[key.replace("_", "")]
    found = get_close_matches(key, by_lower, n=len(by_lower) or 1, cutoff=0.6)
    if found:
        return by_lower[min(found, key=lambda lower: (*_distance(key, lower), lower))]
    # `mse` for mean_squared_error, `slope` for negative_slope.
    initials = ["".join(word[:1] for word in lower.split("_")) for lower in by_lower]
    short = [name for name, letters in zip(by_lower, initials, strict=True) if letters == key]
    parts = [lower for lower in by_lower if len(key) > 3 and key in lower]
    fits = short or parts
    return by_lower[fits[0]] if len(fits) == 1 else None


def _distance(key: str, name: str) -> tuple[float, int]:
    """Tell how unlike two names are, and how far apart their numbers: resnet21 is near resnet20."""
    numbers = [[int(digits) for digits in re.findall(r"[0-9]+", text)] for text in (key, name)]
    apart = sum(abs(one - other) for one, other in zip_longest(*numbers, fillvalue=0))
    return -SequenceMatcher(None, name, key).ratio(), apart
