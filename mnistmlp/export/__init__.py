"""A brain as other programs read it, a module for each format."""
