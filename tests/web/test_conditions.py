"""Filters of subscribers in rows and as text: both say the same, and a text that rows can't express is not lost."""

from datetime import date

import lxml.html
import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict
from hypothesis import given, strategies as st

from newsletter.web.desk.conditions.choices import ConditionChoices
from newsletter.web.desk.conditions.condition_field import ConditionsField, EnteredFilter, in_words, rows_of
from newsletter.web.desk.conditions.condition_rows import ConditionRow, to_text
from subscribers.models import AllOf, AnyOf, Condition, Is, Joined, Not, parse_where
from tests.subscribers.own_fields import declare

WORDS = ("film", "new york", "and", "2026")
WORD_CONDITIONS = st.builds(Is, st.sampled_from(["tag", "language", "topic"]), st.sampled_from(WORDS), st.booleans())
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.one_of(WORD_CONDITIONS, st.builds(Joined, st.sampled_from(["before", "after"]), st.just(date(2026, 1, 31)))),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
FACTS = [Is(field, word) for field in ("tag", "language", "topic") for word in WORDS]


def written(condition: Condition) -> str:
    """The condition as a person could write it, with all its parentheses."""
    match condition:
        case Is():
            return f'{condition.field} {"!=" if condition.differs else "="} "{condition.word}"'
        case Joined():
            return f"joined {condition.how} {condition.day}"
        case Not():
            return f"not ({written(condition.inside)})"
    assert isinstance(condition, AllOf | AnyOf)
    word = " and " if isinstance(condition, AllOf) else " or "
    return word.join(f"({written(part)})" for part in condition.parts)


def holds(condition: Condition, facts: frozenset[object]) -> bool:
    """Whether a condition is true of a subscriber with these facts."""
    match condition:
        case Is():
            return (Is(condition.field, condition.word) in facts) is not condition.differs
        case Joined():
            return (condition.how == "after") is ("after" in facts)
        case Not():
            return not holds(condition.inside, facts)
    assert isinstance(condition, AllOf | AnyOf)
    return (all if isinstance(condition, AllOf) else any)(holds(part, facts) for part in condition.parts)


@given(CONDITIONS, st.lists(st.frozensets(st.sampled_from([*FACTS, "after"])), min_size=5, max_size=5))
def test_rows_match_the_same_subscribers_as_the_text(
    condition: Condition, subscribers: list[frozenset[object]]
) -> None:
    text = written(condition)
    rows = rows_of(text)
    if rows is not None:
        again = parse_where(to_text(rows))
        assert [holds(again, facts) for facts in subscribers] == [holds(condition, facts) for facts in subscribers]
        assert to_text(rows_of(to_text(rows)) or rows) == to_text(rows)


@pytest.mark.parametrize(
    ("text", "rows", "any_of"),
    [
        ("", (), False),
        ("not tag = film", (ConditionRow("!tag", ("film",)),), False),
        ("tag = a or language = nb", (ConditionRow("tag", ("a",)), ConditionRow("language", ("nb",))), True),
        (
            '(tag = a or tag = "b c") and tag != d and tag != e',
            (ConditionRow("tag", ("a", "b c")), ConditionRow("!tag", ("d", "e"))),
            False,
        ),
        (
            "joined after 2026-01-31 and not (topic = a or topic = b)",
            (ConditionRow("after", ("2026-01-31",)), ConditionRow("!topic", ("a", "b"))),
            False,
        ),
    ],
)
def test_text_is_shown_in_rows(text: str, rows: tuple[ConditionRow, ...], any_of: bool) -> None:
    read = rows_of(text)
    assert read is not None
    assert (read.rows, read.any_of) == (rows, any_of)


@pytest.mark.parametrize(
    ("text", "kinds", "words"),
    [
        (
            'town = Oslo or town = "Mo i Rana" or has no level',
            ("own:town", "!has:level"),
            ["Town is one of: Oslo, Mo i Rana", "Level isn’t filled in", "One of these is enough."],
        ),
        ("town != Oslo and shoe-size = 42.5", ("!own:town", "own:shoe-size"), None),
        ("has born and joined this year", ("has:born", "this-year"), ["Born is filled in", "Subscribed this year"]),
        ("not has name and has tag", ("!has:name", "has:tag"), ["Name isn’t filled in", "Has a tag"]),
        ('town = "Oslo, Norway"', None, []),
        ("born before 1950-01-01", None, []),
    ],
)
def test_conditions_of_own_fields_have_rows(text: str, kinds: tuple[str, ...] | None, words: list[str] | None) -> None:
    declare()
    rows = rows_of(text)
    assert (None if rows is None else tuple(row.kind for row in rows.rows)) == kinds
    if words is not None:
        assert in_words(text, ConditionChoices()) == words
    if rows is not None:
        assert parse_where(to_text(rows)) == parse_where(text.replace("not has", "has no"))
    field = ConditionsField(ConditionChoices(), text, required=False)
    rendered = lxml.html.fromstring(f"<form>{field.widget.render('where', text)}</form>")
    data = QueryDict(mutable=True)
    for name, value in rendered.form_values():
        data.appendlist(name, value)
    assert field.clean(entered(field, data)) == text


@pytest.mark.parametrize("text", ["tag = a and (tag = b or language = nb)", "not joined after 2026-01-31", "tag ="])
def test_what_rows_can_t_say_stays_until_it_is_replaced(text: str) -> None:
    field = ConditionsField(ConditionChoices(), text, required=False)
    rendered = lxml.html.fromstring(f"<form>{field.widget.render('where', text)}</form>")
    assert rendered.findtext(".//code") == text
    data = QueryDict(mutable=True)
    for name, value in rendered.form_values():
        data.appendlist(name, value)
    assert field.clean(entered(field, data)) == text
    data["where:0:kind"], data["where:0:tag-others"] = "tag", "film"
    with pytest.raises(ValidationError, match="Say whether"):
        field.clean(entered(field, data))
    data["where:replace"] = "1"
    assert field.clean(entered(field, data)) == "tag = film"
    data["where:0:kind"] = ""
    assert field.clean(entered(field, data)) == ""


def test_a_form_can_t_keep_a_text_that_is_not_stored() -> None:
    field = ConditionsField(ConditionChoices(), "tag = film")
    forged = form("where:kept=tag = a and (tag = b or language = nb)&where:0:kind=")
    assert field.clean(entered(field, forged)) == "tag = film"


def form(query: str) -> QueryDict:
    return QueryDict(query.replace("+", "%2B"), mutable=True)


def entered(field: ConditionsField, data: QueryDict) -> EnteredFilter:
    value = field.widget.value_from_datadict(data, None, "where")
    assert value is not None
    return value


def test_rows_that_say_the_same_leave_the_stored_text_as_it_is() -> None:
    stored = "language=nb   and tag = Film"
    field = ConditionsField(ConditionChoices(), stored)
    same = form("where:0:kind=language&where:0:language=nb&where:1:kind=tag&where:1:tag=film")
    assert field.clean(entered(field, same)) == stored
    same["where:1:tag"] = "press"
    assert field.clean(entered(field, same)) == "language = nb and tag = press"


def test_a_form_without_the_field_changes_nothing() -> None:
    field = ConditionsField(ConditionChoices(), 'tag="a, b"', required=False)
    value = field.widget.value_from_datadict(form(""), None, "where")
    assert field.clean(value) == 'tag="a, b"'
    assert not field.has_changed('tag="a, b"', value)


@pytest.mark.parametrize("known", ["oslo, norway", "bergen"])
def test_a_tag_with_a_comma_is_one_tag_whether_or_not_it_is_offered(known: str) -> None:
    stored = 'tag = "Oslo,  Norway" or tag = film or tag = a'
    field = ConditionsField(ConditionChoices({"tag": [(known, known), ("a", "a"), ("film", "film")]}), stored)
    rendered = field.widget.render("where", stored)
    data = QueryDict(mutable=True)
    for name, value in lxml.html.fromstring(f"<form>{rendered}</form>").form_values():
        data.appendlist(name, value)
    assert field.clean(entered(field, data)) == stored
    data["where:0:tag-others"] = "press, b"
    assert entered(field, data).rows.rows[0].values[-2:] == ("press", "b")
    assert set(entered(field, data).rows.rows[0].values) == {"oslo, norway", "a", "film", "press", "b"}
