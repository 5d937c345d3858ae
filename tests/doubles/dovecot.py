"""An IMAP server of our own: Debian's Dovecot, with one mailbox in a temporary folder, on a free port of loopback.

    with running([b"From: …"]) as mailbox: ...

Dovecot doesn't run mailboxes as root, so root's server has the user that Debian's package makes; anybody else's runs
as themselves.
"""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

from newsletter.config import Imap
from tests.doubles.ports import free_port

DOVECOT = "/usr/sbin/dovecot"
USER, PASSWORD = "bounce@example.org", "sesam"
OWNER = "dovecot"
START_SECONDS = 60.0

SETTINGS = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
listen = 127.0.0.1
ssl = no
auth_allow_cleartext = yes
auth_mechanisms = plain
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
mail_driver = maildir
mail_path = {folder}/mail
mail_uid = {owner}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {owner}
    gid = {group}
    home = {folder}/home
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class DovecotMailbox:
    """The mailbox of a running server."""

    port: int
    folder: Path

    @property
    def settings(self) -> Imap:
        """The mailbox as `bounces.imap` has it."""
        return Imap(host="127.0.0.1", port=self.port, user=USER, password=PASSWORD)

    def flags(self) -> list[str]:
        """The flags of each email as letters of Maildir (S: seen, F: flagged), in the order of arrival."""
        names = [path.name for part in ("cur", "new") for path in (self.folder / "mail" / part).iterdir()]
        return [name.partition(":2,")[2] for name in sorted(names)]


@contextmanager
def running(emails: Sequence[bytes]) -> Iterator[DovecotMailbox]:
    """Run the server with these emails in its inbox."""
    assert Path(DOVECOT).exists(), "Dovecot is not installed (Debian: dovecot-imapd)"
    folder = Path(tempfile.mkdtemp(prefix="newsletter-dovecot-"))
    port = free_port()
    owner = pwd.getpwnam(OWNER) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    _deliver(folder, emails, owner)
    settings = folder / "dovecot.conf"
    group = grp.getgrgid(owner.pw_gid).gr_name
    settings.write_text(
        SETTINGS.format(folder=folder, port=port, owner=owner.pw_name, group=group, password=PASSWORD).strip() + "\n"
    )
    server = subprocess.Popen([DOVECOT, "-F", "-c", str(settings)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait(port, server, folder / "log")
        yield DovecotMailbox(port, folder)
    finally:
        server.terminate()
        server.communicate()
        shutil.rmtree(folder)


def _deliver(folder: Path, emails: Sequence[bytes], owner: pwd.struct_passwd) -> None:
    """Make the Maildir with its emails; the names keep their order."""
    for part in ("cur", "new", "tmp"):
        (folder / "mail" / part).mkdir(parents=True)
    (folder / "home").mkdir()
    for number, email in enumerate(emails):
        (folder / "mail" / "new" / f"{1_770_000_000 + number}.M0P1.mx").write_bytes(email)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the mailbox can be opened."""
    end = time.monotonic() + START_SECONDS
    problem: Exception | None = None
    while time.monotonic() < end and server.poll() is None:
        try:
            with IMAP4("127.0.0.1", port, timeout=10) as client:
                client.login(USER, PASSWORD)
                client.select()
        except (OSError, IMAP4.error) as e:
            problem = e
            time.sleep(0.05)
        else:
            return
    said = log.read_text(errors="replace") if log.exists() else ""
    output = server.stdout.read().decode(errors="replace") if server.poll() is not None and server.stdout else ""
    raise AssertionError(f"Dovecot does not answer ({problem}):\n{output}{said}")
