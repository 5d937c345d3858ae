"""Which language a post is in, told from its text.

What a feed says of itself is often the site's language and not the posts', so that it is not asked.
"""

import os
import re
import threading
from functools import cache
from typing import Any

_ENOUGH = 60
_MUCH = 4000
_SURE = 0.9
_loading = threading.Lock()
_ADDRESS = re.compile(r"(?<!\S)(?:[^\s:@]|:(?!//))*+(?:://|@)\S*+")


@cache
def _detector() -> Any:
    # Loaded at the first post that needs it, and once for all threads: the model takes a second and some 80 MB. What
    # numpy computes with would keep another 100 MB for threads that multiplying one small vector has no use for.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect(text: str) -> str:
    """The language of plain text as a tag (BCP 47), "" in doubt or where there are fewer than 60 letters of it.

    Norwegian is `nb`, unless it is surely Nynorsk (`nn`).
    """
    text = _ADDRESS.sub(" ", text[:_MUCH])
    if sum(map(str.isalpha, text)) < _ENOUGH:
        return ""
    with _loading:
        detector = _detector()
    tag, sure = detector.classify(text)
    if sure < _SURE:
        return ""
    return {"no": "nb"}.get(str(tag), str(tag))
