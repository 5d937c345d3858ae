"""The steps of a Dockerfile, carried out in folders made by Debian's debootstrap, for machines that can't pull images.

It knows the instructions that ours uses: FROM, RUN, COPY, ENV, USER and WORKDIR are carried out; HEALTHCHECK,
ENTRYPOINT and CMD are kept for `serve`; EXPOSE and VOLUME change nothing here.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = ("python3", "python3-venv", "python-is-python3", "ca-certificates")
"""What an image of Python has beside Debian's essential packages."""
MACHINES = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/pip.conf",
    str(Path.home() / ".config" / "pip"),
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/apt/sources.list.d/debian.sources",
    "/etc/apt/apt.conf.d",
)
"""How this machine reaches its package servers."""
ENTER = """
mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && {{ [ "{net}" = "" ] || ip link set lo up; }} &&
exec chroot --userspec="$2" "$1" /usr/bin/env -i {environment} /bin/sh -c 'cd "$0" && eval "$1"' "$3" "$4"
"""
SERVE = """
{command} & server=$!
for _ in $(seq 120); do
  if {check} 2>/dev/null; then healthy=yes; break; fi
  kill -0 $server || break
  sleep 1
done
kill -TERM $server; wait $server; echo "ended with $?"
[ "$healthy" = yes ]
"""


@dataclass
class Stage:
    """A folder that stands for an image, and what its instructions set."""

    root: Path
    environment: dict[str, str]
    user: str = "root"
    folder: str = "/"
    kept: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, *, alone: bool = False, seconds: float = 1800) -> str:
        """Run a command in the image as its user; `alone` gives it a network with loopback only."""
        home = "/root" if self.user == "root" else f"/home/{self.user}"
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in {"HOME": home, **self.environment}.items())
        script = ENTER.format(net="alone" if alone else "", environment=given)
        words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *(["--net"] if alone else [])]
        done = subprocess.run(
            [*words, "sh", "-c", script, "sh", str(self.root), self._ids(), self.folder, command],
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    def _ids(self) -> str:
        lines = (self.root / "etc/passwd").read_text(encoding="utf-8").splitlines()
        found = next(each.split(":") for each in lines if each.startswith(f"{self.user}:"))
        return f"{found[2]}:{found[3]}"

    def serve(self) -> str:
        """Start the image's command, wait until its health check passes, and end it."""
        words = shlex.join(json.loads(self.kept["ENTRYPOINT"]) + json.loads(self.kept["CMD"]))
        check = shlex.join(json.loads(self.kept["HEALTHCHECK"].partition("CMD ")[2]))
        return self.run(SERVE.format(command=words, check=check), alone=True)


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions with their arguments."""
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def build(source: Path, folder: Path) -> Stage:
    """Carry out the Dockerfile of a source folder; return its last stage."""
    base, stages = _base(folder / "base"), list[Stage]()
    names: dict[str, Stage] = {}
    for word, rest in instructions((source / "Dockerfile").read_text(encoding="utf-8")):
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(_stage(base, folder / f"stage{len(stages)}", image))
            names[name] = stages[-1]
        else:
            _carry_out(stages[-1], word, rest, source, names)
    return stages[-1]


def _carry_out(stage: Stage, word: str, rest: str, source: Path, names: dict[str, Stage]) -> None:
    match word:
        case "RUN":
            stage.run(rest)
        case "COPY":
            *options, wanted, to = rest.split()
            origin = names[options[0].removeprefix("--from=")].root if options else source
            ignored = () if options else _ignored(source)
            _copy(origin, wanted.lstrip("/"), stage.root / to.lstrip("/"), ignored)
        case "ENV":
            for name, value in (each.split("=", 1) for each in shlex.split(rest)):
                stage.environment[name] = value.replace("$PATH", stage.environment["PATH"])
        case "USER":
            stage.user = rest
        case "WORKDIR":
            stage.folder = rest
        case "HEALTHCHECK" | "ENTRYPOINT" | "CMD":
            stage.kept[word] = rest
        case "EXPOSE" | "VOLUME":
            pass
        case _:
            raise AssertionError(f"the test doesn't know the instruction {word}")


def _base(root: Path) -> Path:
    """Make Debian as this machine has it, with Python, from this machine's package server."""
    sources = Path("/etc/apt/sources.list.d/debian.sources").read_text(encoding="utf-8")
    server = re.search(r"^URIs: (\S+)", sources, re.MULTILINE)
    suite = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    assert server
    assert suite
    words = ["debootstrap", "--variant=minbase", f"--include={','.join(PYTHON)}", suite[1], str(root), server[1]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for name in MACHINES:
        given, copy = Path(name), root / name.lstrip("/")
        if given.is_dir():
            shutil.copytree(given, copy, dirs_exist_ok=True, symlinks=False, ignore_dangling_symlinks=True)
        elif given.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(given, copy)
    return root


def _stage(base: Path, root: Path, image: str) -> Stage:
    subprocess.run(["cp", "-a", base, root], check=True)
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") and name != "PIP_FIND_LINKS"}
    stage = Stage(root, {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **kept})
    wanted = image.removeprefix("python:").partition("-")[0]
    assert f"Python {wanted}." in stage.run("python --version"), f"Debian's Python is not that of {image}"
    return stage


def _ignored(source: Path) -> tuple[str, ...]:
    lines = (source / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return tuple(line.strip().removeprefix("**/").rstrip("/") for line in lines if line.strip() and line[0] not in "#!")


def _copy(origin: Path, wanted: str, to: Path, ignored: tuple[str, ...]) -> None:
    def ignore(_folder: str, names: list[str]) -> set[str]:
        return {name for name in names if any(fnmatch.fnmatch(name, each) for each in ignored)}

    for each in origin.glob(wanted) if wanted != "." else [origin]:
        if each.is_dir():
            shutil.copytree(each, to, symlinks=True, dirs_exist_ok=True, ignore=ignore)
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(each, to)
