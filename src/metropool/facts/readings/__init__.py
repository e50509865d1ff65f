"""What was measured: readings of channels, and the interval blocks of usage points derived from them; never overwritten."""
