"""Documents for people: bills and receipts as PDF, from stored data, byte for byte the same each time."""
