"""Takes announcements in, finds whom they reach, keeps who has got and read them."""
