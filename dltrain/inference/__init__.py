"""From a checkpoint and images to labels."""
