"""How each message is caused at a real edge, and how its receiver's own client sees it."""
