"""What somebody meant who wrote a value that is not valid."""
