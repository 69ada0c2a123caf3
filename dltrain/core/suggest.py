"""The nearest of the allowed names to one that is not."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Give the allowed name most like `name`, or None when none is near."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    key = name.lower().replace("-", "_").replace(" ", "_")
    if key in by_lower:
        return by_lower[key]
    squeezed = {lower.replace("_", ""): candidate for lower, candidate in by_lower.items()}
    if key.replace("_", "") in squeezed:
        return squeezed[key.replace("_", "")]
    found = get_close_matches(key, by_lower, n=1, cutoff=0.6)
    if found:
        return by_lower[found[0]]
    # `mse` for mean_squared_error, `slope` for negative_slope.
    initials = ["".join(word[:1] for word in lower.split("_")) for lower in by_lower]
    short = [name for name, letters in zip(by_lower, initials, strict=True) if letters == key]
    parts = [lower for lower in by_lower if len(key) > 3 and key in lower]
    fits = short or parts
    return by_lower[fits[0]] if len(fits) == 1 else None
