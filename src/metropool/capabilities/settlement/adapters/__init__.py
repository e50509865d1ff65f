"""SQL and the payment channel, behind the ports of settlement."""
