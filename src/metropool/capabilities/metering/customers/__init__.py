"""What companies told metering of their customers: copies for readers, never edited here; and rows they ask for again."""
