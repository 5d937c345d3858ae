"""What `/metrics` shows in Prometheus' text format: the site's numbers, and those of this process."""
