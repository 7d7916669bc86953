"""The network in pure NumPy: arrays in, arrays out; no files, no printing."""
