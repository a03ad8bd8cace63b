"""How perdure's files are written and read."""
