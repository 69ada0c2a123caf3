"""The vocabulary that every other package may import."""
