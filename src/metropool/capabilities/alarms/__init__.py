"""Abnormal use, faults and danger over whole areas: found in what the host's books say, told to whoever the plan lists."""
