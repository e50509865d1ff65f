"""Doors for outside software, and what passes on by the plan, over whole plans in memory."""
