"""Architectures that expand to layers, a file each."""
