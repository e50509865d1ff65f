"""Sealed links: greeting terminals by their own keys, opening what they say, sealing what they are told, telling what was refused."""
