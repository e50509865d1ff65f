"""What is said: messages, envelopes, outbox, inbox, evidence."""
