"""Q/GDW 376.1: between concentrator and master station."""
