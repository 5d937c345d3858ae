"""An edition as files that anybody can open: the HTML, the text and the whole mail."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter.config import Config
from newsletter.jobs.rendering import Proof, proof
from newsletter.mail import Reader
from newsletter.models import Edition
from newsletter.render import preview
from subscribers.tokens import proof_token


@dataclass(frozen=True, slots=True)
class Written:
    """Where the files are, and how many octets HTML, text and mail have."""

    proof: Proof
    files: dict[str, Path]
    sizes: dict[str, int]


def sample_reader(address: str = "reader@example.org") -> Reader:
    """A reader whose links act on nobody."""
    return Reader(number=0, address=address, token=proof_token(), message_id="preview")


def write(edition: Edition, configuration: Config, folder: Path) -> Written:
    """Write edition.html, edition.txt and edition.eml into the folder, which is made."""
    looked_at, reader = proof(edition, configuration), sample_reader()
    head, rendered = looked_at.letterhead, looked_at.rendered
    contents = {
        "html": preview.reader_html(rendered, head, reader).encode(),
        "text": preview.reader_text(rendered, head, reader).encode(),
        "eml": preview.reader_mail(rendered, head, reader, datetime.now(UTC)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = {kind: folder / f"edition.{'txt' if kind == 'text' else kind}" for kind in contents}
    for kind, path in files.items():
        path.write_bytes(contents[kind])
    sizes = {"html": len(contents["html"]), "text": len(contents["text"]), "mail": len(contents["eml"])}
    return Written(looked_at, files, sizes)
