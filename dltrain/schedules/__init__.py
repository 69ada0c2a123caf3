"""Learning rates that change over a training, a file each."""
