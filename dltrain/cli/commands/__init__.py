"""One file for each command: parameters here, the work elsewhere."""
