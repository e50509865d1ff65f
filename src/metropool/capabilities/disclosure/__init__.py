"""The owner's side of requests to look into its books: who may see what, for how long, and what is too small a group to tell."""
