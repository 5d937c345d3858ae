import re
from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from django.db import migrations, models

from newsletter.domain.ordinals import Ordinals

USED = models.Q(state__in=("approved", "queued", "sending", "paused", "sent"))
USED |= models.Q(state="cancelled", began_at__isnull=False)
OUT = ("post.too-late", "post.there-before")
AT_ONCE = 500


class Newsletter:
    """The posts and editions of a newsletter, and the sets that its subscribers' marks stand for."""

    def __init__(self, name: str, apps: Any, database: str) -> None:
        self.name = name
        self.database = database
        self.model = lambda app, model: apps.get_model(app, model).objects.using(database)
        self.posts = self.model("newsletter", "Post").filter(newsletter=name)
        editions = self.model("newsletter", "Edition").filter(USED, newsletter=name, corrects=None, welcome=None)
        self.editions = list(editions.order_by("approved_at", "pk"))
        self.entries = self.model("newsletter", "EditionPost").filter(edition__newsletter=name)
        self.variants = self.model("newsletter", "Variant").filter(edition__newsletter=name)
        self.ties = self.model("subscribers", "Subscription").filter(newsletter=name)
        self.keys: dict[Ordinals, int] = {}

    def convert(self) -> None:
        """Number the posts, store what is out and what editions have, and give everyone a set."""
        self.by_key = self._number()
        self._refuse()
        self.had = {edition.pk: self._posts_of(edition) for edition in self.editions}
        for edition in self.editions:
            edition.candidates = [[n, key, []] for key, n in sorted(self.by_key.items()) if n in self.had[edition.pk]]
            edition.save(update_fields=["candidates"])
        begun = [edition for edition in self.editions if edition.began_at is not None]
        if begun:
            self._convert_readers(begun)
        last = max(self.by_key.values(), default=0)
        judged = last if begun else 0
        self.model("newsletter", "Numbering").update_or_create(
            newsletter=self.name, defaults={"last": last, "judged": judged}
        )

    def _number(self) -> dict[int, int]:
        rows = list(self.posts.order_by("pk").only("pk"))
        for ordinal, post in enumerate(rows, 1):
            post.ordinal = ordinal
        self.posts.model.objects.using(self.database).bulk_update(rows, ["ordinal"], batch_size=AT_ONCE)
        return {post.pk: post.ordinal for post in rows}

    def _refuse(self) -> None:
        """Keep what an edition listed as out from the beginning, unless one has it."""
        has = set(self.entries.filter(included=True, edition__in=self.editions).values_list("post_id", flat=True))
        listed = self.entries.filter(included=False, reason__code__in=OUT)
        reasons = {e.post_id: e.reason for e in listed.order_by("pk").iterator() if e.post_id not in has}
        sourceless = set(self.posts.filter(listings=None).values_list("pk", flat=True))
        numbered = set(self.posts.exclude(number=None).values_list("pk", flat=True))
        known = has | sourceless | numbered | reasons.keys()
        there_before = {"code": "post.there-before", "params": {}}
        before = self.posts.filter(was_there_before=True).values_list("pk", flat=True)
        reasons |= {key: there_before for key in before if key not in known}
        for key, reason in reasons.items():
            self.posts.filter(pk=key).update(refusal=reason)

    def _posts_of(self, edition: Any) -> Ordinals:
        keys = set(self.entries.filter(edition=edition, included=True).values_list("post_id", flat=True))
        for posts in self.variants.filter(edition=edition).values_list("posts", flat=True):
            keys.update(posts)
        return Ordinals.of(self.by_key[key] for key in keys if key in self.by_key)

    def _convert_readers(self, begun: list[Any]) -> None:
        numbering = self.model("newsletter", "Numbering").filter(newsletter=self.name).first()
        periodic = [edition for edition in begun if not edition.standalone]
        default = _default_of(periodic)
        letters = _union(self.had[edition.pk] for edition in begun if edition.standalone)
        everything = _union(self.had[edition.pk] for edition in periodic) | letters
        by_number = {n: self.by_key[key] for key, n in self.posts.exclude(number=None).values_list("pk", "number")}

        def up_to(mark: int) -> Ordinals:
            return Ordinals.of(ordinal for number, ordinal in by_number.items() if number <= mark) | letters

        if numbering is None or not numbering.by_marks:
            self._store_bases({default: everything}, default)
            return
        ends: dict[str, int] = defaultdict(int)
        for edition in periodic:
            cadence = edition.cadence or default
            ends[cadence] = max(ends[cadence], edition.end or 0)
        cadences = {each for each in self.ties.values_list("cadence", flat=True).distinct() if each} | set(ends)
        first = ends.get(default, 0)
        bases = {cadence: up_to(ends.get(cadence, first)) for cadence in cadences | {default}}
        self._store_bases(bases, default)
        had_by = self._had_by_audience(periodic)
        for mark, cadence, starts in set(self.ties.values_list("mark", "cadence", "starts").distinct()):
            rows = self.ties.filter(mark=mark, cadence=cadence, starts=starts).exclude(state="pending")
            base = bases.get(cadence or default, bases[default])
            if starts:
                rows.filter(state="unsubscribed").update(offered=self._key(up_to(mark)), returns=True)
                if mark and not up_to(mark) - base == Ordinals():
                    rows.filter(state="active").update(offered=self._key(up_to(mark)), returns=True)
                continue
            if up_to(mark) != base:
                rows.update(offered=self._key(up_to(mark)))
        for tie, more in had_by.items():
            row = self.ties.filter(pk=tie).exclude(state="pending").select_related("offered").first()
            if row is None:
                continue
            base = bases.get(row.cadence or default, bases[default])
            had = Ordinals.parse(row.offered.posts) if row.offered_id else base
            if more - had:
                self.ties.filter(pk=tie).update(offered=self._key(had | more))

    def _had_by_audience(self, begun: list[Any]) -> dict[int, Ordinals]:
        """Return what people were sent whose marks don't say so: of the editions whose deliveries are kept."""
        deliveries = self.model("newsletter", "Delivery")
        found: dict[int, Ordinals] = {}
        marks = dict(self.ties.values_list("pk", "mark"))
        numbers = dict(self.posts.exclude(number=None).values_list("ordinal", "number"))
        for edition in begun:
            ranges = list(self.variants.filter(edition=edition, last__isnull=False).order_by("last"))
            posts = [(v.last, Ordinals.of(self.by_key[k] for k in v.posts if k in self.by_key)) for v in ranges]
            everything = self.had[edition.pk]
            highest = max((numbers.get(ordinal) or 0 for ordinal in everything), default=0)
            rows = deliveries.filter(edition=edition).values_list("number", "subscription_id")
            for number, tie in rows.iterator(chunk_size=10_000):
                if marks.get(tie, highest) >= highest:
                    continue
                had = next((each for last, each in posts if number <= last), everything)
                found[tie] = found.get(tie, Ordinals()) | had
        return found

    def _store_bases(self, bases: dict[str, Ordinals], default: str) -> None:
        rows = self.model("subscribers", "Base")
        for cadence, posts in bases.items():
            rows.create(
                newsletter=self.name, cadence=cadence, offered_id=self._key(posts), is_default=cadence == default
            )

    def _key(self, posts: Ordinals) -> int:
        if posts not in self.keys:
            digest = blake2b(str(posts).encode(), digest_size=16).hexdigest()
            rows = self.model("subscribers", "OfferedSet")
            row, _created = rows.get_or_create(newsletter=self.name, hash=digest, defaults={"posts": str(posts)})
            self.keys[posts] = row.pk
        return self.keys[posts]


def _default_of(editions: list[Any]) -> str:
    """Return the default cadence: that of the last edition whose name has none."""
    for edition in reversed(editions):
        if re.match(r"\d", edition.period):
            shapes = (("week", r"\d{4}-W"), ("day", r"\d{4}-\d\d-\d\d"), ("month", r"\d{4}-\d\d"))
            shaped = next((cadence for cadence, shape in shapes if re.match(shape, edition.period)), "week")
            return edition.cadence or shaped
    return "week"


def _union(sets: Iterable[Ordinals]) -> Ordinals:
    found = Ordinals()
    for each in sets:
        found |= each
    return found


def convert(apps: Any, schema_editor: Any) -> None:
    """Give every subscription the set of posts that its mark stood for."""
    database = schema_editor.connection.alias
    names = set(apps.get_model("newsletter", "Post").objects.using(database).values_list("newsletter", flat=True))
    names |= set(apps.get_model("newsletter", "Edition").objects.using(database).values_list("newsletter", flat=True))
    for name in sorted(names):
        Newsletter(name, apps, database).convert()


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0042_offered_sets'),
        ('subscribers', '0011_offered_sets'),
    ]

    operations = [migrations.RunPython(convert, migrations.RunPython.noop)]
