"""What data sets learn of their training split: how records of files become samples."""
