"""Commands about single deliveries: those to be made again, and those that failed."""
