"""Desks of looking into books: requests, answers, consents, alarms of the city, and why somebody may see something."""
