"""Charts of brains, drawn with matplotlib, for pages and files."""
