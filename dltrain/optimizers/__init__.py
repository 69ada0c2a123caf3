"""Rules of update, a file each."""
