"""Validation and estimation (校验与估算): rules over columns of readings; each finding tells time, class and remedy."""
