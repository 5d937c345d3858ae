"""Commands for operators: what runs where, and what the archive shows."""
