"""SQL of the reads for pages."""
