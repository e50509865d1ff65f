"""Loss (线损): what was supplied to an area less what was sold in it, by business day."""
