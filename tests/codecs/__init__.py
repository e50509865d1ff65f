"""Codecs against recorded frames, worked examples, generated frames and noise."""
