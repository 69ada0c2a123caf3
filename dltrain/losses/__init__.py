"""What training makes small, a file each."""
