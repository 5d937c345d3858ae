"""The `file` provider: mails into a folder, as a Maildir or as .eml files."""

import asyncio
import os
import time
from pathlib import Path

from newsletter.delivery.held import STOPPED, Job, Work
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply

FORMATS = ("maildir", "eml")
AT_ONCE = 100


class FileBox:
    """Carries mails into files: each is written under another name first, so that nobody finds half a mail."""

    def __init__(self, folder: Path, form: str, work: Work) -> None:
        """Makes the folder; raises `ValueError` for an unknown form, `OSError` where it cannot be made."""
        if form not in FORMATS:
            raise ValueError(f"delivery.file.format is {form!r}; write one of {', '.join(FORMATS)}")
        self._work = work
        self._maildir = form == "maildir"
        self._draft, self._place = (folder / "tmp", folder / "new") if self._maildir else (folder, folder)
        for each in (self._draft, self._place, *([folder / "cur"] if self._maildir else ())):
            each.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        """Nothing is ever open."""
        return 0

    def pump(self) -> None:
        """Write some mails, and let others have their turn."""
        for _ in range(AT_ONCE):
            job = self._work.take()
            if job is None:
                break
            if self._work.about(job):
                self._carry(job)
        else:
            asyncio.get_running_loop().call_soon(self.pump)
        self._work.flush()

    def tend(self, now: float, waiting: int) -> None:
        """A folder has no deadlines."""

    def drop_halted(self) -> None:
        """Nothing is ever half written when this is called."""

    async def close(self, grace: float) -> None:
        """Nothing is open."""

    def _carry(self, job: Job) -> None:
        if self._work.flush():
            self._work.replied(job, Phase.DOT, self._write(job))
        else:
            self._work.back(job, STOPPED)

    def _write(self, job: Job) -> Reply:
        name = f"{time.time_ns()}.{os.getpid()}_{job.reader.number}.{job.reader.attempt}.newsletter"
        name = name if self._maildir else f"{name}.eml"
        draft = self._draft / (name if self._maildir else f".{name}.part")
        try:
            draft.write_bytes(b"".join(job.mail.pieces))
            draft.replace(self._place / name)
        except OSError as e:
            draft.unlink(missing_ok=True)
            return Reply(452, (f"4.3.1 cannot write {self._place}: {e.strerror}".encode(),))
        return Reply(250, (f"2.0.0 queued as {name}".encode(),))
