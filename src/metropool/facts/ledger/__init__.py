"""What is owed: double entry in integer fen."""
