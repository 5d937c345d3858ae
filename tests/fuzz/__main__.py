"""Fuzz parsers: `python -m tests.fuzz [TARGET …] [--seconds 60] [--seed N] [--samples FOLDER] [--keep FOLDER]`.

Prints a row for each target, and ends with 1 if an input failed. Without a seed, each run tries other inputs.
"""

import os
import sys

import django


def main() -> int:
    """Set Django up, which the targets need when they are imported, and run the command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from tests.fuzz import command

    return command.main()


sys.exit(main())
