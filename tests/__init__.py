"""The tests.

They start thousands of processes, each of which would compile the program anew if the environment forbade Python to
keep what it has compiled.
"""

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
