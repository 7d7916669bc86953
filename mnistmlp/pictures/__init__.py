"""From any picture of a digit to 28 x 28 pixels like MNIST's, step by step."""
