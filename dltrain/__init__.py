"""Train deep networks from a YAML file, on the CPU, with kernels of its own."""

__version__ = "0.1.0"
