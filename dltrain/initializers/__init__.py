"""Distributions that parameters start from, a file each."""
