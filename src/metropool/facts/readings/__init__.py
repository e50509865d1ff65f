"""What was measured: columns of readings and interval blocks, quality beside each value."""
