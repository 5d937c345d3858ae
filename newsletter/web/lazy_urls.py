"""Lazy addresses: their module is imported with the first request to one of them.

An idle `run` takes 98 MB instead of 106 without the desk's pages (`tests/cli/test_loaded_modules.py`). `include`
imports a module at once, and Django has no public way to leave a namespace out of the names that it collects.
"""

from typing import Any

from django.urls import URLResolver
from django.utils.translation import get_language


class LazyResolver(URLResolver):
    """A namespace that is not imported when Django collects the names of all addresses, as its own resolver is.

    It is imported when one of its addresses is requested, or one of its names is looked up.
    """

    def _populate(self) -> None:
        """Do nothing: the resolver above calls this at its own first lookup."""

    @property
    def reverse_dict(self) -> Any:
        """The names, and how to write their addresses."""
        if get_language() not in self._reverse_dict:
            super()._populate()
        return self._reverse_dict[get_language()]
