"""What was ordered: the journal of commands and its state machine."""
