"""Metering: head-end, collection, validation, estimation, command of devices (计量自动化系统)."""
