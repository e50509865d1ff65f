"""Import of meter files: any file that a small mapping describes becomes readings, with every doubtful row told by its line."""
