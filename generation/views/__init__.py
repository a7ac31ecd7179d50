"""Pages of models and training."""
