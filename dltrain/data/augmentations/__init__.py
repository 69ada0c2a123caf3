"""Random changes of training samples, drawn anew in every epoch."""
