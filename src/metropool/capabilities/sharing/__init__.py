"""The data pool's own work: pass on to each company what it is entitled to, and carry its requests inward."""
