"""From any picture of a digit to 28 x 28 pixels as MNIST has them, step by step."""
