"""Functions between layers, a file each."""
