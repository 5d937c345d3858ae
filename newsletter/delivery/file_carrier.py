"""The `file` provider: messages as files in a folder, a Maildir or .eml files."""

import asyncio
import os
import time
from pathlib import Path

from newsletter.delivery.active_chunk import STOPPED, DeliveryCallbacks, DeliveryJob
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply

AT_ONCE = 100


class FileCarrier:
    """Writes messages to files, each under a temporary name first, so that no program reads an incomplete one."""

    def __init__(self, folder: Path, form: str, callbacks: DeliveryCallbacks) -> None:
        """Create the folder; `form` is `maildir` or `eml`. Raises `OSError` if it can't be created."""
        self._callbacks = callbacks
        self._maildir = form == "maildir"
        self._draft, self._place = (folder / "tmp", folder / "new") if self._maildir else (folder, folder)
        for path in (self._draft, self._place, *([folder / "cur"] if self._maildir else ())):
            path.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        """Return 0: there are no connections."""
        return 0

    def pump(self) -> None:
        """Write some messages, then let other tasks run."""
        for _ in range(AT_ONCE):
            job = self._callbacks.take()
            if job is None:
                break
            if self._callbacks.log_intent(job):
                self._carry(job)
        else:
            asyncio.get_running_loop().call_soon(self.pump)
        self._callbacks.flush()

    def tick(self, now: float, waiting: int) -> None:
        """Do nothing: there are no deadlines."""

    def limit(self, connections: int, per_second: float) -> None:
        """Do nothing: there are no connections."""

    @property
    def over(self) -> bool:
        """Return False: there are no connections."""
        return False

    def drop_halted(self) -> None:
        """Do nothing: no message is half written when this is called."""

    async def close(self, grace: float) -> None:
        """Do nothing: there are no connections."""

    def _carry(self, job: DeliveryJob) -> None:
        if self._callbacks.flush():
            self._callbacks.reply_received(job, Phase.DOT, self._write(job))
        else:
            self._callbacks.return_undelivered(job, STOPPED)

    def _write(self, job: DeliveryJob) -> Reply:
        name = f"{time.time_ns()}.{os.getpid()}_{job.recipient.number}.{job.recipient.attempt}.newsletter"
        name = name if self._maildir else f"{name}.eml"
        draft = self._draft / (name if self._maildir else f".{name}.part")
        try:
            draft.write_bytes(b"".join(job.message.pieces))
            draft.replace(self._place / name)
        except OSError as e:
            draft.unlink(missing_ok=True)
            return Reply(452, (f"4.3.1 cannot write {self._place}: {e.strerror}".encode(),))
        return Reply(250, (f"2.0.0 queued as {name}".encode(),))
