"""What the command line loads before it knows which command is wanted."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.e2e

LARGE = ("newsletter.feeds", "newsletter.render", "django.db", "lxml", "cryptography", "markdown_it", "PIL", "numpy")


def test_the_help_loads_nothing_large() -> None:
    code = "import sys; from newsletter.cli.app import application; application(); "
    code += f"print([name for name in {LARGE!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_the_pages_load_no_large_library_before_they_need_it() -> None:
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup(); "
        "import newsletter.urls, newsletter.web.desk.urls; "
        "print([name for name in ('PIL', 'qrcode', 'premailer') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
