"""Arrays in, arrays out: the compiled inner loops."""
