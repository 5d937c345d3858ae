"""Subscribers out of a CSV file, as people have it from other tools.

Promises: what is refused is named with its line and reason; nobody who left, or whose address is suppressed, is brought
back; importing a file twice changes nothing the second time. Lines are taken in portions, each in a transaction of its
own that is short enough for readers to leave meanwhile; after a kill the same command goes on, as what is there is
left as it is.
"""

from subscribers.importing.outline import Column, outline
from subscribers.importing.reading import FileProblem
from subscribers.importing.run import ImportReport, Refusal, import_file

__all__ = ["Column", "FileProblem", "ImportReport", "Refusal", "import_file", "outline"]
