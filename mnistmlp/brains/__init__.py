"""Our own files: the brain and the checkpoint, and the archive that both are."""
