"""Sources made of stored ticks."""
