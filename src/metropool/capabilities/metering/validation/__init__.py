"""Validation and estimation (校验与估算): rules over columns of readings; each finding is a flag with time, class and what was done."""
