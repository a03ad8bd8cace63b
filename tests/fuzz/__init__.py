"""Any bytes at all: a value or one of the documented errors, and nothing else."""
