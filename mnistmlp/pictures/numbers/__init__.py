"""Several digits in a picture: finding their lines, cutting those that touch, reading them."""
