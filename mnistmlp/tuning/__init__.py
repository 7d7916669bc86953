"""Searching for better settings: the space, the trials and their shared database."""
