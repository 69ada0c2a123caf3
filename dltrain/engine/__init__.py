"""From layers to a table of kernels, and the threads that run it."""
