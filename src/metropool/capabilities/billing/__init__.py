"""Billing (算费, 核算, 出账): usage and dated tariffs become bills, postings and adjustments of one company."""
