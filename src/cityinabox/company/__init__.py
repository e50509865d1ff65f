"""A company that keeps its own software: it meets the rest of the city by letters over the published HTTP API, and by nothing else."""
