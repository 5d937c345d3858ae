"""Previews of editions: as files, and in every design."""
