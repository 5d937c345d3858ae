"""What making a mail costs: the join alone, and signed with each kind of key.

python -m tests.bench.bench_dkim
"""

import sys
import time

from newsletter.config import Dkim
from newsletter.delivery.dkim import Signer, signing
from newsletter.delivery.dkim_keys import new_key
from newsletter.mime.message_builder import MessageBuilder
from tests.bench.bench_engine import MAIL
from tests.delivery.samples import recipient

RUNS = 2000


def micros(signers: tuple[Signer, ...]) -> float:
    """Microseconds of CPU a mail, the least of three."""
    builder, recipients = MessageBuilder(MAIL, signing(signers)), [recipient(number) for number in range(RUNS)]
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        for each in recipients:
            b"".join(builder.build(each).pieces)
        best = min(best, time.process_time() - begun)
    return best / RUNS * 1_000_000


def main() -> None:
    """Print one line."""
    rsa, ed25519 = (
        Signer(Dkim(domain="example.org", selector="s", key=new_key("example.org", "s", kind).pem))
        for kind in ("rsa", "ed25519")
    )
    figures = [micros(()), micros((rsa,)), micros((ed25519,))]
    sys.stdout.write(
        "a mail made: {:.0f} µs; signed with RSA-2048 {:.0f} µs, with Ed25519 {:.0f} µs\n".format(*figures)
    )


if __name__ == "__main__":
    main()
