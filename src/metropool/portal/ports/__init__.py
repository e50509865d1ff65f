"""What the portal needs from the systems it is a face of: hosts that run units of work, and desks that answer for capabilities.

A desk is made from the work object of one unit (``desks[port.name](work)``) and lives as long as the unit. What a caller may
not know of, or what does not exist, is ``NotFound``; what cannot be done now is ``Conflict``; a query changes nothing.
"""
