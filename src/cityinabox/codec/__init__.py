"""The city's own encoders and decoders; nothing of the product."""
