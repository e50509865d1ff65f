"""What is not listed, tried at every door with each system's real credentials; each refusal beside something let through."""
