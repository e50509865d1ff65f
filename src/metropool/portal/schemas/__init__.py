"""What the pages are told: one model per type of docs/api.md. Names and addresses are masked by their type."""
