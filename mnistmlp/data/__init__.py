"""Data sets: their files and folders, and downloading, generating and loading them."""
