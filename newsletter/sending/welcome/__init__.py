"""Welcome series: readers who are due are added to the audiences of its letters."""
