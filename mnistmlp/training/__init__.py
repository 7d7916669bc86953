"""Training a network by a recipe: settings, training loop, optimisers and regularisation."""
