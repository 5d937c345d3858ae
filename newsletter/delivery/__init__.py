"""The sending engine: asyncio, with neither Django nor a database.

Promises: a mail is carried away once, or it is known exactly why not. Before its final dot is written the
journal says "about to"; only where the dot was written and no reply came is a delivery unknown; what broke
before is tried again on another connection. Pause and stop act within two seconds. Our own faults pause an
edition instead of costing readers.
"""
