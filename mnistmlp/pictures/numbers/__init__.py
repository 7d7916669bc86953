"""Several digits in a picture: their lines, where to cut those that touch, and the reading."""
