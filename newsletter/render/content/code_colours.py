"""Colours of code: comments, keywords, strings, numbers and names, each with a class that both style sheets know."""

from typing import TYPE_CHECKING

from newsletter.render.content.fragment import Element

if TYPE_CHECKING:
    from pygments.token import _TokenType

LANGUAGES = frozenset((
    "bash", "c", "cpp", "c++", "csharp", "c#", "css", "diff", "go", "golang", "html", "java", "javascript", "js",
    "json", "kotlin", "lua", "php", "powershell", "python", "py", "r", "ruby", "rb", "rust", "rs", "scala", "sh",
    "shell", "sql", "swift", "toml", "ts", "typescript", "xml", "yaml", "yml",
))  # fmt: skip
"""Languages whose names posts use; code in others has no colours."""
_LONGEST = 6_000
"""Characters: longer code would take much of an email's size."""


def colour_code(block: Element, language: str) -> None:
    """Put the words of a block of code that have a colour into elements of their own."""
    code = block[0] if len(block) == 1 and block[0].tag == "code" and not (block.text or "").strip() else block
    text = code.text or ""
    if language not in LANGUAGES or len(code) or len(text) > _LONGEST:
        return
    from pygments.lexers import get_lexer_by_name  # loaded for the first code with a language

    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    span: Element | None = None
    code.text = ""
    for name, words in _merged(list(lexer.get_tokens(text))):
        if name and words.strip():
            span = code.makeelement("span", {"class": name})
            span.text = words
            code.append(span)
        elif span is None:
            code.text += words
        else:
            span.tail = (span.tail or "") + words


def _merged(tokens: "list[tuple[_TokenType, str]]") -> list[tuple[str, str]]:
    """Return the classes of words, with neighbours of one class in one."""
    merged: list[tuple[str, str]] = []
    for kind, words in tokens:
        name = _class_of(kind)
        if merged and (merged[-1][0] == name or not words.strip()):
            merged[-1] = (merged[-1][0], merged[-1][1] + words)
        else:
            merged.append((name, words))
    return merged


def _class_of(kind: "_TokenType") -> str:
    from pygments.token import Comment, Generic, Keyword, Literal, Name

    if kind in Comment or kind in Generic.Deleted:
        return "remark"
    if kind in Keyword or kind in Name.Tag or kind in Name.Builtin:
        return "keyword"
    if kind in Literal.String or kind in Generic.Inserted:
        return "string"
    return "number" if kind in Literal.Number or kind in Name.Function or kind in Name.Class else ""
