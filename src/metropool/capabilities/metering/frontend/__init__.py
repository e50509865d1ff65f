"""The front end (前置机): links to terminals, in a process of its own in the access zone."""
