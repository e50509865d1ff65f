"""What is known: registry, readings, events, commands, ledger."""
