"""Commands for operators: what runs where."""
