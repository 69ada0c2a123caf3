"""The loop of training: events out, files written."""
