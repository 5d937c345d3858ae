"""The socket that the web server listens on: opened here, or passed on by the set-up, which `run` follows."""

import errno
import os
import socket

BACKLOG = 128
PASSED_ON = "NEWSLETTER_LISTENER"
"""The variable with the number of this process and the descriptor of a listening socket, which the set-up passes on."""

REMEDIES = {
    errno.EADDRINUSE: "another program uses it; choose another --port",
    errno.EACCES: "the system reserves this port; choose another --port",
    errno.EADDRNOTAVAIL: "this machine doesn't have this address; choose another --host",
    errno.EAFNOSUPPORT: "this machine doesn't support such addresses; choose another --host",
}


class CannotListen(Exception):
    """The text says which port can't be listened on, why, and what to do."""


def open_listener(host: str, port: int) -> socket.socket:
    """Listen on an address; brackets around one of IPv6, as in a URL, are left out. Raises CannotListen."""
    host = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # before the address is printed, so that a visitor waits instead of being refused
    except (OSError, UnicodeError) as e:
        listener.close()
        raise CannotListen(f"can't listen on {_authority(host, port)}: {_why(e)}") from e
    listener.set_inheritable(False)
    return listener


def inherited_listener() -> socket.socket | None:
    """Return the listening socket that the set-up passed on to this process, if any."""
    process, _colon, descriptor = os.environ.pop(PASSED_ON, "").partition(":")
    if process != str(os.getpid()):
        return None
    listener = socket.socket(fileno=int(descriptor))
    listener.set_inheritable(False)
    return listener


def listener_address(listener: socket.socket) -> str:
    """Return the address as a browser on this machine has it."""
    return f"http://{_authority(*listener.getsockname()[:2])}"


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def pass_on(listener: socket.socket) -> None:
    """Let the program that this process executes next listen on the same socket."""
    listener.set_inheritable(True)
    os.environ[PASSED_ON] = f"{os.getpid()}:{listener.fileno()}"


def _why(error: OSError | UnicodeError) -> str:
    """Return why a port can't be listened on, and what to do."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return "this host name is unknown; choose another --host"
    return f"{error.strerror}; {REMEDIES.get(error.errno or 0, 'choose another --host or --port')}"
