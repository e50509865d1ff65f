"""What happened: end-device events."""
