"""Notes to colleagues about an edition."""
