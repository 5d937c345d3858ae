"""The sending engine: asyncio, without Django or a database.

Each message is sent once, or it is known why not. Before a message's final dot is written, the journal logs the intent;
a delivery is unknown only if the dot was written and no reply came. Whatever failed before that is tried again on
another connection. A pause or stop takes effect within two seconds. An error in the engine itself pauses an edition,
and costs no recipient the message.
"""
