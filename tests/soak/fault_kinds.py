"""The kinds of faults that are tried while an edition is being sent."""

import os
import shutil
import signal
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress

from tests.doubles.blog import BlogServer
from tests.doubles.imap import PASSWORD, USER, Imap
from tests.doubles.smtpd import CLOSE, SILENT, Action, Say
from tests.e2e.sending_samples import children_of
from tests.soak.fault_trials import Fault, Trial
from tests.soak.receivers import Always


def script(phase: str, action: Action) -> Callable[[Trial], None]:
    """Let the server do this in a phase from now on."""

    def begin(trial: Trial) -> None:
        trial.server.script[phase] = Always([action])

    return begin


def behave(trial: Trial) -> None:
    """Let the servers behave again, as after a repair by their operators."""
    trial.server.script.clear()
    trial.server.mood, trial.server.latency = None, 0.0
    trial.api.faults = deque()


def configure(**values: str) -> Callable[[Trial], None]:
    """Correct the configuration."""
    return lambda trial: trial.configure(**values)


def configure_port(trial: Trial) -> None:
    trial.configure(port=trial.server.port, host="127.0.0.1")


def stop_children(trial: Trial) -> None:
    """Stop the sending processes, as a debugger or a cgroup freezer does."""
    for pid in children_of(trial.process):
        os.kill(pid, signal.SIGSTOP)


def continue_children(trial: Trial) -> None:
    for pid in children_of(trial.process):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def freeze(trial: Trial) -> None:
    os.killpg(trial.process.pid, signal.SIGSTOP)


def thaw(trial: Trial) -> None:
    os.killpg(trial.process.pid, signal.SIGCONT)


def fill(trial: Trial) -> None:
    """Fill the disk of the site's folder."""
    with suppress(OSError), (trial.folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


def free(trial: Trial) -> None:
    (trial.folder / "filler").unlink()


def slow_down(trial: Trial) -> None:
    trial.server.latency = 20.0


def greylist(trial: Trial) -> None:
    """Let each recipient be refused at first, for a minute."""
    first: dict[str, float] = {}

    def mood(phase: str, recipient: str) -> Action | None:
        since = time.monotonic() - first.setdefault(recipient, time.monotonic())
        return "451 4.7.1 greylisted, try again in a minute" if phase == "RCPT" and since < 60 else None

    trial.server.mood = mood


def api_answers(fault: int | str) -> Callable[[Trial], None]:
    """Let the service do this from now on."""

    def begin(trial: Trial) -> None:
        trial.api.faults = Always([fault])

    return begin


def lock(trial: Trial) -> None:
    trial.locking = sqlite3.connect(trial.folder / "newsletter.db", isolation_level=None, check_same_thread=False)
    trial.locking.execute("PRAGMA busy_timeout = 20000")
    trial.locking.execute("BEGIN IMMEDIATE")


def unlock(trial: Trial) -> None:
    trial.locking.execute("ROLLBACK")
    trial.locking.close()


def take_away(trial: Trial) -> None:
    (trial.folder / "newsletter.db").rename(trial.folder / "away.db")


def put_back(trial: Trial) -> None:
    (trial.folder / "away.db").rename(trial.folder / "newsletter.db")


def refuse(trial: Trial) -> None:
    trial.admin.execute(f"ALTER ROLE {trial.role} CONNECTION LIMIT 0")


def end_connections(trial: Trial) -> None:
    """End all connections of the program, as a server does that is restarted."""
    trial.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [trial.role])


def refuse_and_end(trial: Trial) -> None:
    refuse(trial)
    end_connections(trial)


def admit(trial: Trial) -> None:
    trial.admin.execute(f"ALTER ROLE {trial.role} CONNECTION LIMIT -1")


def set_clock(step: str) -> Callable[[Trial], None]:
    """Set the program's wall clock ahead or back."""

    def begin(trial: Trial) -> None:
        assert trial.wall is not None
        trial.wall.set(step)

    return begin


def kill_children(trial: Trial) -> None:
    for pid in children_of(trial.process):
        os.kill(pid, signal.SIGKILL)


def kill(trial: Trial) -> None:
    trial.is_killed = True
    os.killpg(trial.process.pid, signal.SIGKILL)


def restart(trial: Trial) -> None:
    trial.start()
    trial.is_killed = False


def copy_to_replace_it(trial: Trial) -> None:
    """Back up and copy the database, and wait until more emails were accepted than both know of."""
    trial.command("backup", "before.zip")
    source = sqlite3.connect(trial.folder / "newsletter.db")
    with closing(source), closing(sqlite3.connect(trial.folder / "copy.db")) as target:
        source.backup(target)
    until, count = time.monotonic() + 60, len(trial.taken())
    while len(trial.taken()) < count + 80 and time.monotonic() < until:
        time.sleep(0.1)


def remove(trial: Trial) -> None:
    copy_to_replace_it(trial)
    (trial.folder / "newsletter.db").unlink()


def replace_by_renaming(trial: Trial) -> None:
    copy_to_replace_it(trial)
    (trial.folder / "copy.db").rename(trial.folder / "newsletter.db")


def replace_in_place(trial: Trial) -> None:
    """Stop the program, and write an older copy over the database, as `cp` does."""
    copy_to_replace_it(trial)
    stop(trial)
    shutil.copyfile(trial.folder / "copy.db", trial.folder / "newsletter.db")
    restart(trial)


def stop(trial: Trial) -> None:
    trial.is_killed = True
    with suppress(ProcessLookupError):
        os.killpg(trial.process.pid, signal.SIGTERM)
    trial.process.wait(120)


def kill_and_put_an_older_copy(trial: Trial) -> None:
    """Kill the program, which leaves its log of SQLite, and write an older copy over the database."""
    copy_to_replace_it(trial)
    kill(trial)
    trial.process.wait(30)
    shutil.copyfile(trial.folder / "copy.db", trial.folder / "newsletter.db")
    restart(trial)


def restore(trial: Trial) -> None:
    """Stop the program, keep a copy of the file, restore the newest backup, and start again."""
    stop(trial)
    with suppress(FileNotFoundError):
        shutil.copy(trial.folder / "newsletter.db", trial.folder / "kept.db")
    trial.command("restore", "before.zip", "--replace")
    restart(trial)
    trial.command("restore", "--confirm")


def imap(port: int, password: str = "wrong") -> str:
    """The tables of a bounce mailbox."""
    mailbox = f'host = "127.0.0.1"\nport = {port}\nuser = "{USER}"\npassword = "{password}"\n'
    return f'[bounces]\nreturn_path = "bounce@example.org"\n[bounces.imap]\n{mailbox}'


def open_mailbox(trial: Trial) -> None:
    trial.configure(tables=imap(trial.stack.enter_context(Imap()).port))


def open_mailbox_with_password(trial: Trial) -> None:
    trial.configure(tables=imap(trial.stack.enter_context(Imap()).port, PASSWORD))
    trial.command("bounces")


def publish(trial: Trial) -> None:
    """Let the source answer again, and read it as the desk's button does."""
    trial.configure(source=trial.stack.enter_context(BlogServer()).url)
    trial.command("collect")


def break_configuration(trial: Trial) -> None:
    (trial.folder / "config.toml").write_text("[site\n", encoding="utf-8")


def mend(trial: Trial) -> None:
    (trial.folder / "config.toml").write_text(trial.text(), encoding="utf-8")


NONE = 'security = "none"'
FAULTS = {
    "child": Fault(name="child stopped", begin=stop_children, remedy=continue_children),
    "greeting": Fault(name="hang at the greeting", begin=script("GREETING", SILENT), remedy=behave, per_connection=5),
    "ehlo": Fault(name="hang at EHLO", begin=script("EHLO", SILENT), remedy=behave, per_connection=5),
    "mail": Fault(name="hang at MAIL", begin=script("MAIL", SILENT), remedy=behave),
    "rcpt": Fault(name="hang at RCPT", begin=script("RCPT", SILENT), remedy=behave),
    "data": Fault(name="hang at DATA", begin=script("DATA", SILENT), remedy=behave),
    "dot": Fault(name="hang at the final dot", begin=script("DOT", SILENT), remedy=behave),
    "disk": Fault(name="disk full", begin=fill, remedy=free, more='minimum_free_space = "1 MB"'),
    "frozen": Fault(name="machine frozen for 125 s", begin=freeze, end=thaw, seconds=125),
    "unknown": Fault(
        name="every mail taken, connection dropped", begin=script("DOT", Say(take=True, close=True)), remedy=behave
    ),
    "451": Fault(
        name="451 to everybody", begin=script("RCPT", "451 4.3.0 try again later"), remedy=behave, before=0, readers=300
    ),
    "421": Fault(
        name="421 to every connection",
        begin=script("GREETING", Say("421 4.3.2 busy", close=True)),
        remedy=behave,
        per_connection=5,
    ),
    "dns": Fault(
        name="DNS failing", before=0, host="smtp.invalid", url="https://brev.example.org", remedy=configure_port
    ),
    "550": Fault(
        name="550 5.1.1 to everybody",
        begin=script("RCPT", "550 5.1.1 no such user"),
        remedy=behave,
        before=0,
        readers=300,
    ),
    "garbage": Fault(
        name="a greeting that is no SMTP", begin=script("GREETING", "hello"), remedy=behave, per_connection=5
    ),
    "closed": Fault(name="connection closed at once", begin=script("GREETING", CLOSE), remedy=behave, per_connection=5),
    "down": Fault(name="mail server refuses connections", before=0, port=9, remedy=configure_port),
    "552": Fault(
        name="552 to everybody", begin=script("DOT", "552 5.3.4 too big"), remedy=behave, before=0, readers=300
    ),
    "535": Fault(
        name="535 wrong password",
        before=0,
        login="news:right",
        smtp=f'{NONE}, user = "news", password = "wrong"',
        remedy=configure(smtp=f'{NONE}, user = "news", password = "right"'),
    ),
    "tls": Fault(name="no STARTTLS offered", before=0, smtp='security = "starttls"', remedy=configure(smtp=NONE)),
    "tarpit": Fault(name="tarpit: 20 s before each reply", begin=slow_down, remedy=behave, readers=300),
    "greylist": Fault(name="greylisting", begin=greylist, before=0, readers=300, told=False),
    "api-401": Fault(name="API answers 401", begin=api_answers(401), remedy=behave, api=True),
    "api-429": Fault(name="API answers 429 to everything", begin=api_answers(429), remedy=behave, api=True),
    "api-500": Fault(name="API answers 500 to everything", begin=api_answers(500), remedy=behave, api=True),
    "api-silent": Fault(name="API doesn't answer", begin=api_answers("silent"), remedy=behave, api=True),
    "api-cut": Fault(
        name="API closes the connection after the request", begin=api_answers("cut"), remedy=behave, api=True
    ),
    "locked": Fault(name="SQLite's lock is held for 100 s", begin=lock, end=unlock, seconds=100),
    "away": Fault(name="the database's folder entry is gone for 60 s", begin=take_away, end=put_back, seconds=60),
    "removed": Fault(name="the database is removed", begin=remove, remedy=restore),
    "replaced": Fault(name="mv of an older copy over the database", begin=replace_by_renaming, remedy=restore),
    "overwritten": Fault(
        name="cp of an older copy over the database of a stopped program", begin=replace_in_place, remedy=restore
    ),
    "stale": Fault(
        name="an older copy beside the log of the newer database, after kill -9",
        begin=kill_and_put_an_older_copy,
        told=False,  # SQLite applies the log, so nothing is missing
    ),
    "pg-down": Fault(name="PostgreSQL down for 90 s", begin=refuse_and_end, end=admit, seconds=90, postgresql=True),
    "pg-connections": Fault(
        name="PostgreSQL out of connections for 90 s", begin=refuse, end=admit, seconds=90, postgresql=True
    ),
    "pg-restarted": Fault(name="PostgreSQL restarted", begin=end_connections, postgresql=True, told=False),
    "ahead": Fault(name="clock set 3 hours ahead", begin=set_clock("+3h"), wall=True, told=False),
    "back": Fault(name="clock set 3 hours back", begin=set_clock("-3h"), wall=True, told=False),
    "kill-sender": Fault(name="kill -9 of the sending processes", begin=kill_children, told=False),
    "kill-run": Fault(name="kill -9 of run, started again after 20 s", begin=kill, end=restart, seconds=20, told=False),
    "imap-down": Fault(
        name="IMAP can't be reached",
        before=0,
        tables=imap(9),
        remedy=open_mailbox_with_password,
        notice="bounce mailbox",
        minutes=25,
    ),
    "imap-password": Fault(
        name="IMAP refuses the password",
        begin=open_mailbox,
        before=0,
        remedy=open_mailbox_with_password,
        notice="bounce mailbox",
        minutes=25,
    ),
    "source": Fault(name="a source that refuses connections", before=0, about_sources=True, remedy=publish),
    "configuration": Fault(name="config.toml invalid", begin=break_configuration, remedy=mend),
}
