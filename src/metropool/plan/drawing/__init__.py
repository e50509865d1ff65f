"""The picture of a plan: what is in it, where it stands, and how it looks as an SVG figure."""
