"""Writes docs/messages.md from the catalogue: every code, its sentence, and what to do."""

import sys
from pathlib import Path
from types import ModuleType

from newsletter.messages import STAGES, MessageType

DOCUMENT = Path(__file__).with_name("messages.md")
HEAD = """# Messages

What the program tells people is stored as a code with parameters, and shown in the reader's language: at the desk, in
emails to editors, on the command line. `--json` output has the English sentence, and the code beside it
(`reason_code`). Words in braces are parameters. This document is made from `newsletter/messages/` by
`python -m docs.messages`.
"""


def types_of(stage: ModuleType) -> list[MessageType]:
    """Return the messages of a module, in its order."""
    return [value for value in vars(stage).values() if isinstance(value, MessageType)]


def document() -> str:
    """Return the text of the document."""
    return HEAD + "".join(map(_section, STAGES))


def _section(stage: ModuleType) -> str:
    title = (stage.__doc__ or "").strip().splitlines()[0].rstrip(".")
    rows = "".join(f"| `{each.code}` | {' | '.join(_parts(each))} |\n" for each in types_of(stage))
    return f"\n## {title}\n\n| code | sentence | what to do |\n| --- | --- | --- |\n{rows}"


def _parts(each: MessageType) -> tuple[str, str]:
    """Return what happened and the remedy, which stands behind a semicolon."""
    sentence, _, remedy = (each.plural or each.english).replace("|", "\\|").replace("<", "&lt;").partition("; ")
    return sentence, remedy


if __name__ == "__main__":
    sys.exit(DOCUMENT.write_text(document(), encoding="utf-8") == 0)
