"""Chunks: the bytes of many links decoded together, without Python per frame."""
