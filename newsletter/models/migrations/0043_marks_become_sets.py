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
        self.begun = [edition for edition in begun if not edition.standalone]
        self.default = _default_of(self.begun)
        self.letters = _union(self.had[edition.pk] for edition in begun if edition.standalone)
        if numbering is None or not numbering.by_marks:
            everything = _union(self.had[edition.pk] for edition in self.begun) | self.letters
            self._store_bases({self.default: everything})
            return
        self.numbers = {self.by_key[key]: n for key, n in self.posts.exclude(number=None).values_list("pk", "number")}
        ends: dict[str, int] = defaultdict(int)
        for edition in self.begun:
            cadence = edition.cadence or self.default
            ends[cadence] = max(ends[cadence], edition.end or 0)
        chosen = {each for each in self.ties.values_list("cadence", flat=True).distinct() if each}
        first = ends.get(self.default, 0)
        self.ahead = {cadence: self._ahead(cadence) for cadence in chosen | set(ends) | {self.default}}
        bases = {cadence: self._up_to(ends.get(cadence, first), cadence) for cadence in self.ahead}
        self._store_bases(bases)
        for mark, chosen_cadence, starts in set(self.ties.values_list("mark", "cadence", "starts").distinct()):
            cadence = chosen_cadence or self.default
            had = self._up_to(mark, cadence)
            rows = self.ties.filter(mark=mark, cadence=chosen_cadence, starts=starts).exclude(state="pending")
            if starts:
                rows.filter(state="unsubscribed").update(offered=self._key(had), returns=True)
                if mark and had - bases[cadence]:
                    rows.filter(state="active").update(offered=self._key(had), returns=True)
            elif had != bases[cadence]:
                rows.update(offered=self._key(had))
        self._add_what_was_sent(bases)

    def _up_to(self, mark: int, cadence: str) -> Ordinals:
        """Return the posts that a mark stands for in a cadence.

        A post may have got a new number since an edition had it.
        """
        numbered = Ordinals.of(ordinal for ordinal, number in self.numbers.items() if number <= mark)
        sent = _union(self.had[edition.pk] for edition in self.begun if (edition.end or 0) <= mark)
        return ((numbered | sent) - self.ahead[cadence]) | self.letters

    def _ahead(self, cadence: str) -> Ordinals:
        """Return the posts that a cadence's editions passed over because they were dated ahead, and still are."""
        editions = [edition for edition in self.begun if (edition.cadence or self.default) == cadence]
        if not editions:
            return Ordinals()
        reached = max(min(edition.until, edition.began_at) for edition in editions)
        passed = self.entries.filter(edition__in=editions, included=False, reason__code="post.in-the-future")
        keys = passed.filter(post__published__gte=reached).values_list("post_id", flat=True)
        has = _union(self.had[edition.pk] for edition in editions)
        return Ordinals.of(self.by_key[key] for key in keys) - has

    def _add_what_was_sent(self, bases: dict[str, Ordinals]) -> None:
        """Add to people's sets what editions had whose audience they were in, as far as their deliveries are kept."""
        sent = self._had_by_audience()
        ties = self.ties.filter(pk__in=sent.keys()) if len(sent) < AT_ONCE else self.ties
        rows = ties.exclude(state="pending").values_list("pk", "cadence", "offered__posts")
        grown: dict[Ordinals, list[int]] = defaultdict(list)
        for tie, cadence, posts in rows.iterator(chunk_size=10_000):
            had = bases[cadence or self.default] if posts is None else Ordinals.parse(posts)
            if tie in sent and sent[tie] - had:
                grown[had | sent[tie]].append(tie)
        for posts, keys in grown.items():
            for first in range(0, len(keys), AT_ONCE):
                self.ties.filter(pk__in=keys[first : first + AT_ONCE]).update(offered=self._key(posts))

    def _had_by_audience(self) -> dict[int, Ordinals]:
        """Return what people were sent whose marks don't say so: of the editions whose deliveries are kept."""
        deliveries = self.model("newsletter", "Delivery")
        sent: dict[int, Ordinals] = {}
        marks = dict(self.ties.values_list("pk", "mark"))
        ahead = _union(self.ahead.values())
        for edition in self.begun:
            ranges = list(self.variants.filter(edition=edition, last__isnull=False).order_by("last"))
            posts = [(v.last, Ordinals.of(self.by_key[k] for k in v.posts if k in self.by_key)) for v in ranges]
            everything = self.had[edition.pk]
            highest = max((self.numbers.get(ordinal, 0) for ordinal in everything), default=0)
            is_certain = len(everything - ahead) == len(everything)
            rows = deliveries.filter(edition=edition).values_list("number", "subscription_id")
            for number, tie in rows.iterator(chunk_size=10_000):
                if is_certain and marks.get(tie, highest) >= highest:
                    continue
                had = next((each for last, each in posts if number <= last), everything)
                sent[tie] = sent.get(tie, Ordinals()) | had
        return sent

    def _store_bases(self, bases: dict[str, Ordinals]) -> None:
        rows = self.model("subscribers", "Base")
        for cadence, posts in bases.items():
            rows.create(
                newsletter=self.name, cadence=cadence, offered_id=self._key(posts), is_default=cadence == self.default
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
