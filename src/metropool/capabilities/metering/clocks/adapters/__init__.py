"""What is known of each clock, in SQL."""
