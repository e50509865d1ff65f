"""SQL behind the ports of insight."""
