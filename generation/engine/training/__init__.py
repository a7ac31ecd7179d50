"""Training adapters: data, configuration, the loop, checkpoints, what comes out of it."""
