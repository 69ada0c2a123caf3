"""Where the float64 values of a step lie in the block that every kernel can read."""

BATCH = 0
"""Samples in this batch."""
STEP = 1
"""Updates made before this one; where a program takes a sequence step by step, steps before."""
SEED = 2
"""The run's seed, as an integer below 2**53."""
STATUS = 3
"""0 while loss and gradients are finite; 1 stops the update."""
LANES = 4
"""Lanes that this batch fills."""
PENALTY = 5
"""The regularization terms of the loss."""
NORM = 6
"""The Euclidean norm of the gradient."""
LABELLED = 7
"""Positions in this batch that have a target: what means over a batch are taken over."""
OPTIMIZER = 8
"""The first of the optimizer's numbers of this step."""
COUNT = 24
