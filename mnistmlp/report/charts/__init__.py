"""Charts of brains, drawn by matplotlib: for a page, and for files."""
