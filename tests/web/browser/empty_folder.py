"""`newsletter run` in an empty folder, which waits for a set-up."""

import os
import re
import sys
import time
from pathlib import Path

from tests.conftest import deadline, fork_server, new_database


class EmptyFolder:
    """`newsletter run` in an empty folder: a fork, until the set-up is finished and the program starts anew."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._printed = folder.parent / "printed.txt"
        command = [sys.executable, "-m", "newsletter", "run", "--port", "0"]
        with self._printed.open("w") as out:
            self.process = fork_server().start(command, folder, os.environ, stdout=out)

    def give_tables(self) -> None:
        """Make the database that the program would make after the set-up, which takes it longer."""
        database = self.folder / "newsletter.db"
        database.touch(0o600)
        database.write_bytes(new_database())

    def link(self) -> str:
        """Return the link that was printed."""
        with deadline(60):
            while not (match := re.search(r"set up the site at (\S+)\n", self._printed.read_text())):
                assert self.process.poll() is None, self._printed.read_text()
                time.sleep(0.05)
        return match[1]
