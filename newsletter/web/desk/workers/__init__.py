"""The machines and programs that work with this database."""
