"""Installing and upgrading as documented: real builds and installs in a temporary folder, without the network."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[1]
FOLDERS = ("newsletter", "subscribers", "templates", "docs")
FILES = (
    *("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md"),
    *(".git_archival.txt", ".gitattributes", ".gitignore"),
)
NOBODY = 65534
# Root may write anywhere unless it gives up the right to.
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown") if os.geteuid() == 0 else ()
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--isolated", "-q")
GIT = (
    "git",
    "-c",
    "user.name=A",
    "-c",
    "user.email=a@example.org",
    "-c",
    "commit.gpgsign=false",
    "-c",
    "init.defaultBranch=main",
)


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    kept = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CEILING_DIRECTORIES": str(cwd.parent),
    }
    done = subprocess.run(command, cwd=cwd, env=kept | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wheel(source: Path, to: Path) -> Path:
    """Build a wheel with the build tools of this environment, as `pip install .` does."""
    command = (*UNPRIVILEGED, *PIP, "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", to, source)
    (to / "wheels").mkdir(exist_ok=True)
    run(*command, cwd=to, HOME=str(to))
    (built,) = to.glob("newsletter-*.whl")
    return built.rename(built.parent / "wheels" / built.name)


def version(source: Path) -> str:
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['version']())"
    return run(sys.executable, "-W", "ignore", "-B", "-c", code, source / "hatch_build.py", cwd=source).strip()


def files(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def commit(source: Path) -> None:
    run(*GIT, "add", "-A", cwd=source)
    run(*GIT, "commit", "-q", "-m", "A change", cwd=source)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the project's sources, without a repository."""
    folder = tmp_path / "source"
    folder.mkdir()
    for part in FOLDERS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for part in FILES:
        shutil.copy2(ROOT / part, folder)
    return folder


@pytest.fixture
def checkout(source: Path) -> Path:
    """The same as a repository with one commit and no tag."""
    run(*GIT, "init", "-q", cwd=source)
    commit(source)
    return source


class Environment:
    """A virtual environment that finds this one's packages, but not this one's newsletter."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False)
        self.folder = folder
        self.packages = folder / f"lib/python{sysconfig.get_python_version()}/site-packages"
        (self.packages / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def install(self, built: Path) -> None:
        run(
            *PIP[:3],
            "--python",
            self.folder / "bin/python",
            *PIP[3:],
            "install",
            "--no-deps",
            "--no-index",
            built,
            cwd=self.folder,
        )

    def newsletter(self, *arguments: str) -> str:
        return run(self.folder / "bin/newsletter", *arguments, cwd=self.folder).strip()


def test_checkout_of_another_user_is_built_without_writing_to_it(checkout: Path, tmp_path: Path) -> None:
    everything = [checkout, *checkout.rglob("*")]
    for each in everything:
        each.chmod(0o555 if each.is_dir() else 0o444)
        if os.geteuid() == 0:
            os.chown(each, NOBODY, NOBODY)
    before = files(checkout)
    try:
        built = wheel(checkout, tmp_path)
    finally:
        for each in everything:
            each.chmod(0o755)
    assert files(checkout) == before
    names = zipfile.ZipFile(built).namelist()
    catalogues = {
        each.relative_to(ROOT).with_suffix(".mo").as_posix() for each in ROOT.glob("*/locale/*/LC_MESSAGES/*.po")
    }
    assert catalogues <= set(names)


def test_wheel_of_a_later_commit_replaces_the_earlier_one(checkout: Path, tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    environment.install(wheel(checkout, tmp_path))
    first = environment.newsletter("--version")
    assert first == f"newsletter {version(checkout)}"

    with (checkout / "newsletter/urls.py").open("a") as changed:
        changed.write("CHANGED = True\n")
    commit(checkout)
    environment.install(wheel(checkout, tmp_path))
    assert "CHANGED" in (environment.packages / "newsletter/urls.py").read_text()
    second = environment.newsletter("--version")
    assert Version(second.removeprefix("newsletter ")) > Version(first.removeprefix("newsletter "))


def test_wheel_of_a_source_distribution_has_the_same_version(checkout: Path, tmp_path: Path) -> None:
    expected = version(checkout)
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path / "dist", cwd=checkout)
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    run("tar", "-xf", archive, cwd=tmp_path)
    assert wheel(tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path).name.split("-")[1] == expected


def test_version_is_that_of_the_tag(checkout: Path) -> None:
    run(*GIT, "tag", "v7.1.0", cwd=checkout)
    assert version(checkout) == "7.1.0"


def test_version_after_a_tag_is_a_development_version_of_the_next_release(checkout: Path) -> None:
    run(*GIT, "tag", "v7.1.0", cwd=checkout)
    (checkout / "newsletter/new.py").touch()
    commit(checkout)
    assert version(checkout).startswith("7.1.1.dev1+g")


def test_version_without_a_tag_follows_the_change_log(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text("# Changes\n\n## Unreleased\n\n## 3.2.1\n\n## 3.2.0\n")
    commit(checkout)
    assert version(checkout).startswith("3.2.2.dev2+g")


def test_version_of_changed_files_is_none_of_a_commit(checkout: Path) -> None:
    committed = version(checkout)
    (checkout / "newsletter/urls.py").write_text("CHANGED = 1\n")
    changed = version(checkout)
    (checkout / "newsletter/urls.py").write_text("CHANGED = 2\n")
    assert len({committed, changed, version(checkout)}) == 3


def test_version_of_a_shallow_clone_names_its_commit(checkout: Path, tmp_path: Path) -> None:
    (checkout / "newsletter/new.py").touch()
    commit(checkout)
    run("git", "clone", "-q", "--depth", "1", f"file://{checkout}", tmp_path / "shallow", cwd=tmp_path)
    assert version(tmp_path / "shallow").split("+")[1] == version(checkout).split("+")[1]


@pytest.mark.parametrize("tag", ["", "v7.1.0"])
def test_version_of_an_archive(checkout: Path, tmp_path: Path, tag: str) -> None:
    if tag:
        run(*GIT, "tag", tag, cwd=checkout)
    (tmp_path / "archive").mkdir()
    run("git", "archive", "-o", tmp_path / "archive.tar", "HEAD", cwd=checkout)
    run("tar", "-xf", tmp_path / "archive.tar", cwd=tmp_path / "archive")
    assert version(tmp_path / "archive").split("+")[0] == (tag.removeprefix("v") or "0.1.1.dev0")


def test_version_of_copied_files_changes_with_them(source: Path) -> None:
    first = version(source)
    assert first == version(source)
    (source / "templates/new.mjml").write_text("<mjml></mjml>")
    assert version(source) != first


def test_build_tools_that_requirements_pin_are_those_of_the_build() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert sorted(settings["dependency-groups"]["build"]) == sorted(settings["build-system"]["requires"])
