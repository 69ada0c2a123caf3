"""Steps of a network, a file each."""
