"""Ports for servers that a test starts."""

import random
import socket

# Below Linux's ephemeral ports, so that no outgoing connection takes a port between its choice and the server's start.
FIRST, LAST = 20000, 32000
_choice = random.SystemRandom()  # tests that run at the same time choose apart from each other, whatever seed is set
_chosen: set[int] = set()


def free_port() -> int:
    """Return a port of the loopback interface on which nothing listens, and which was not returned before."""
    while True:
        port = _choice.randrange(FIRST, LAST)
        if port not in _chosen and _is_free(port):
            _chosen.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
