"""SQL of sealing."""
