"""SQL of desks: whole lists in one query, where a capability's own reads answer one thing at a time."""
