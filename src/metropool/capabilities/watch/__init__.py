"""Alarms and anomalies as an authority hears them: kept, shown by what matters most, acknowledged by a person."""
