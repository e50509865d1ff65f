"""Announcements from the office to the household, over the exchange."""
