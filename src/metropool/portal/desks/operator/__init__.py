"""Desks of whoever measures: the map and its areas, collection, meters and terminals, commands, work orders."""
