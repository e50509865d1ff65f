"""What points of places tell: kept as they stand, by column as they were; and household meter data on its way to the household."""
