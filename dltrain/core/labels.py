"""What stands for a class in a target."""

VOID = -1
"""The label of a sample or pixel that has none: it counts in no loss and no metric."""
