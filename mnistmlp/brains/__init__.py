"""The package's own files: brains, checkpoints, and the archive format of both."""
