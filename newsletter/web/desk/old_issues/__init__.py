"""Issues that were sent with another tool: importing its archive, and the editions that came of it."""
