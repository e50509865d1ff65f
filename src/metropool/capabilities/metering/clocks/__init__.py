"""How far the clocks of meters and terminals are off: read once a day, told, and shown with their age."""
