"""Metering: from devices and files to readings, checked, estimated where missing, and sealed into blocks."""
