"""Data sets: their files and folders, and how they are downloaded, generated and loaded."""
