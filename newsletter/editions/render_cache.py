"""Renders before a transaction what is used in it: SQLite's other writers wait while a transaction lasts.

What was rendered is used only for an equal source. If that changed in between, the transaction is rolled back, it is
rendered again, and the transaction begins anew.
"""

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Model

T = TypeVar("T")
ATTEMPTS = 5
"""So often a transaction begins anew; if sources change faster, the last one renders itself."""


@dataclass(frozen=True, slots=True)
class _Result:
    source: object
    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class _Cache:
    results: dict[Hashable, _Result] = field(default_factory=dict)
    is_closed: bool = False


_CACHE: ContextVar[_Cache | None] = ContextVar("cache", default=None)


class _NotRenderedError(Exception):
    """Something was not rendered before the transaction that needs it; `render` does so."""

    def __init__(self, render: Callable[[], None]) -> None:
        self.render = render
        super().__init__()


def rendered_before(prepare: Callable[[], object], act: Callable[[], T]) -> T:
    """Return what `act` returns, whose transactions use what `prepare` rendered.

    Both are repeated if something else has to be rendered, so `act` must have no effects beside its transactions.
    Within another `act`, which has prepared, nothing is prepared.
    """
    if _CACHE.get() is not None:
        return act()
    cache = _Cache()
    token = _CACHE.set(cache)
    try:
        for _ in range(ATTEMPTS):
            prepare()
            cache.is_closed = True
            try:
                return act()
            except _NotRenderedError as missing:
                cache.is_closed = False
                missing.render()
        return act()
    finally:
        _CACHE.reset(token)


def cached(key: Hashable, source: object, make: Callable[[], T]) -> T:
    """Return what `make` returns, or what it returned before within `rendered_before` for this key and an equal source.

    `make` reads nothing from the database.
    """
    cache = _CACHE.get()
    if cache is None:
        return make()

    def render() -> None:
        try:
            cache.results[key] = _Result(source, make())
        except Exception as error:  # noqa: BLE001 - raised below, where it is needed
            cache.results[key] = _Result(source, error=error)

    if key not in cache.results or cache.results[key].source != source:
        if cache.is_closed:
            raise _NotRenderedError(render)
        render()
    result = cache.results[key]
    if result.error is not None:
        raise result.error
    value: T = result.value
    return value


def values_of(row: Model) -> tuple[object, ...]:
    """Return the values of a row, as a source for `cached`."""
    return tuple(getattr(row, field.attname) for field in row._meta.concrete_fields)
