"""Forms of models and training."""
