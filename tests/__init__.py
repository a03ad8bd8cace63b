"""perdure's tests; each folder names the question that it asks."""
