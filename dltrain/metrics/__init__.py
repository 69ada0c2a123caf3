"""What people read beside the loss, a file each."""
