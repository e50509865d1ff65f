"""Control (控制): commands to devices, from order to read-back."""
