"""The package's own files, the brain and the checkpoint, and the archive format of both."""
