"""The command line: parsing here, work elsewhere."""
