"""Where samples come from: one file for each type of dataset."""
