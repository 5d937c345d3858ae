"""Import subscribers from CSV files of other tools.

Refused lines are reported with a reason. Nobody who has unsubscribed, or whose address is blocked, is subscribed again.
Imports are idempotent. Lines are imported in batches, each in a short transaction, so that readers can unsubscribe
meanwhile; after an interruption, run the same import again.
"""

from subscribers.importing.outline import Column, outline
from subscribers.importing.reading import FileProblem
from subscribers.importing.run import ImportReport, Portion, Refusal, import_file

__all__ = ["Column", "FileProblem", "ImportReport", "Portion", "Refusal", "import_file", "outline"]
