"""Reading models, training runs and evaluations."""
