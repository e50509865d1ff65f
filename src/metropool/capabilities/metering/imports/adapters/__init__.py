"""SQL of the import."""
