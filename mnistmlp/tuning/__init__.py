"""Searching for better settings: the space, the trials, and the database that they share."""
