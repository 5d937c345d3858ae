"""HTTP/1.1 on one connection: uvicorn's protocol with llhttp, with heads bounded and connections counted.

llhttp takes 0.10 s of CPU time for 1,000 requests where h11 takes 0.22 s (`tests.bench.bench_burst`). Unlike h11, it
bounds neither the size of a head nor what a trailer may say, and uvicorn has no setting for that.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from newsletter.web.connections import Connections

LARGEST_HEAD = 65_536
"""Octets of a request line and its header fields, or of what frames a body: trailers, and extensions of a chunk; what
comes together in one read is accepted whole. httptools copies an unfinished field with each read.
"""

TOO_LARGE = b"The request's header fields are too large.\n"
RESPONSE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(TOO_LARGE), TOO_LARGE)
)


class HttpProtocol(HttpToolsProtocol):
    """Refuses a head or trailers that are too large (RFC 6585 5), and ignores trailers (RFC 9110 6.5.1)."""

    _since_body = 0  # octets that came since the last octet of a body, or the end of a message
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless a head or trailers are too large already."""
        if self._since_body > LARGEST_HEAD:
            self.transport.write(RESPONSE)
            self.transport.close()
            return
        self._since_body += len(data)
        super().data_received(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._since_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request's body."""
        self._in_head, self._since_body = True, 0
        super().on_message_complete()


def counting_protocol(connections: Connections) -> type[HttpProtocol]:
    """Return the protocol, which tells these connections of its own."""

    class Counted(HttpProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client is not None:
                connections.made(self.client, transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                connections.lost(self.client)
            super().connection_lost(exc)

    return Counted
