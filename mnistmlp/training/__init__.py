"""Training a network from a recipe: settings, training loop, optimisers and regularisation."""
