"""A mail server in a process of its own: `python -m tests.doubles.mail_counter PORT SECONDS [REPLY]`.

It prints its port, then the address of each mail that it took, before it says so, and `connections N` when more were
open at once than before. PORT 0 is any free one; it waits so many seconds before each answer to a final dot. It knows
no mailbox whose name begins with `gone`. With REPLY, it takes no mail, and answers that to each final dot.
"""

import asyncio
import sys


class Counter(asyncio.Protocol):
    """One connection; commands may come in groups (RFC 2920)."""

    open = most = 0
    refusal = ""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.buffer = b""
        self.recipient = ""
        self.in_data = False
        self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        Counter.open += 1
        if Counter.open > Counter.most:
            Counter.most = Counter.open
            tell(f"connections {Counter.most}")
        self.say("220 counter ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:
        Counter.open -= 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.work()

    def work(self) -> None:
        """Answer what has come, one after the other; nothing while an answer is being waited for."""
        while not self.waiting:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            piece, found, rest = self.buffer.partition(end)
            if not found:
                return
            self.buffer = rest
            if self.in_data:
                self.in_data, self.waiting = False, True
                asyncio.get_running_loop().call_later(self.seconds, self.take, self.recipient)
            else:
                self.command(piece.decode())

    def take(self, recipient: str) -> None:
        if not self.refusal:
            tell(recipient)
        self.say(self.refusal or "250 2.0.0 ok")
        self.waiting = False
        self.work()

    def command(self, line: str) -> None:
        verb = line[:4].upper()
        if verb == "RCPT":
            self.recipient = line[line.index("<") + 1 : line.index(">")]
            if self.recipient.startswith("gone"):
                self.recipient = ""
                self.say("550 5.1.1 no such mailbox")
                return
        if verb == "DATA" and not self.recipient:
            self.say("503 5.5.1 no recipient")
            return
        self.in_data = verb == "DATA"
        answers = {"EHLO": "250-counter\r\n250 PIPELINING", "DATA": "354 go on", "QUIT": "221 bye"}
        self.say(answers.get(verb, "250 ok"))

    def say(self, line: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(line.encode() + b"\r\n")


def tell(what: object) -> None:
    """A line for whoever started it."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def main(port: int, seconds: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Counter(seconds), "127.0.0.1", port)
    tell(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    Counter.refusal = " ".join(sys.argv[3:])
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
