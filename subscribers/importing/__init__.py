"""Import subscribers from CSV files of other tools, and lists of addresses to block.

People who left elsewhere are stored as unsubscribed, and addresses that bounced, complained or were blocked there as
suppressions, so that no later import subscribes them. Other lines are refused with a reason. Nobody who has
unsubscribed, or whose address is blocked, is subscribed again. Imports are idempotent, and can be undone. Lines are
imported in batches, each in a short transaction, so that subscribers can unsubscribe meanwhile; after an interruption,
run the same import again.
"""

from subscribers.importing.archives import is_archive
from subscribers.importing.blocking import import_blocked
from subscribers.importing.reading import Column, FileProblem, outline
from subscribers.importing.run import ImportReport, ImportUndone, Portion, ReportedLine, import_file
from subscribers.importing.undoing import UndoRefused, later_import, undo_import

__all__ = [
    "Column",
    "FileProblem",
    "ImportReport",
    "ImportUndone",
    "Portion",
    "ReportedLine",
    "UndoRefused",
    "import_blocked",
    "import_file",
    "is_archive",
    "later_import",
    "outline",
    "undo_import",
]
