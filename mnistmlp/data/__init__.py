"""Data sets: their files, where they lie, how they are fetched, made and loaded."""
