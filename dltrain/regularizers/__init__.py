"""Penalties on the size of parameters, a file each."""
