"""From a recipe to a trained network: the settings, the loop, and what a step is made of."""
