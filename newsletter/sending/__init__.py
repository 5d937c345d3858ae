"""Sends approved editions: the audience, chunks of it, results, and the processes that do the work."""
