"""A brain in other forms, for use without this package."""
