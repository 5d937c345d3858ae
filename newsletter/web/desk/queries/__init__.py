"""What the desk's pages show, asked from the database in a number of queries that does not grow with what is shown."""
