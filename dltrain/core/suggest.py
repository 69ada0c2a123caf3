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
    return by_lower[found[0]] if found else None
