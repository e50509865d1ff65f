"""Which items are collected how often: dated versions, each with who made it and why (采集方案)."""
