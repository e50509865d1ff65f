"""DL/T 645 (1997 and 2007): the electricity meter's own protocol."""
