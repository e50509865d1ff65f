"""The asking side of requests to look into others' books: what was asked and why, the answer, and its end."""
