"""Who exists, hosts what, may tell whom: the plan file and what it compiles to."""
