"""Whatever happens to blogs, clocks and drafts: every post is in exactly one edition, none twice, no flood of old ones.

What an article is, the test knows by its name; the program has to find out.
"""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from newsletter import config
from newsletter.config import next_moment
from newsletter.domain.cadence import CADENCES
from newsletter.editions import approval, draft
from newsletter.editions.selection.series import holding
from newsletter.editions.selection.windows import one_period_before
from newsletter.messages import posts as posts_messages
from newsletter.models import Edition, EditionPost, Post, State
from tests.doubles.feeds import Article
from tests.editions.weeks import Weeks
from tests.factories import DAY, NAME, kinaforum


class JudgedWeeks(Weeks):
    """What must hold after each act, and at the end."""

    def _held(self) -> list[tuple[str, EditionPost]]:
        entries = EditionPost.objects.filter(edition__in=holding(NAME), included=True).select_related("post", "edition")
        return [(_name(entry.post), entry) for entry in entries]

    @invariant()
    def none_twice(self) -> None:
        by_rules = (name for name, entry in self._held() if entry.choice != "in")
        twice = [name for name, count in Counter(by_rules).items() if count > 1]
        assert not twice

    @invariant()
    def no_flood(self) -> None:
        for name, entry in self._held():
            before = min(self._times_of(name)) - 8 * DAY
            old = entry.post.was_there_before and (entry.post.published or before) < before
            assert not old or self._was_meant(entry.post)

    def _was_meant(self, post: Post) -> bool:
        """Whether an editor wanted an old post, or an edition had it by its date, as a draft that waited long may."""
        entries = [e for e in post.entries.select_related("edition") if e.included and post.published]
        by_date = any(p and e.edition.since <= p < e.edition.until for e in entries for p in (e.post.published,))
        return by_date or post.entries.filter(choice="in").exists()

    @invariant()
    def an_editors_word_stands(self) -> None:
        held = holding(NAME).filter(standalone=False)
        out = EditionPost.objects.filter(edition__in=held, choice="out").select_related("edition")
        for entry in out:
            later = [e for _, e in self._held() if e.post_id == entry.post_id and e.edition_id > entry.edition_id]
            assert all(e.choice == "in" for e in later)

    def _times_of(self, name: str) -> list[datetime]:
        """When each source that lists an article was first read."""
        blogs = [b for b in self.web.blogs.values() if any(a.name == name for a in b.articles)]
        return [self.first_collected[b.address] for b in blogs if b.address in self.first_collected]

    def teardown(self) -> None:
        try:
            if hasattr(self, "now"):
                self._end()
                self._check_end()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def _end(self) -> None:
        """Mend everything, give up what is open, and let two more editions go out."""
        for blog in self.blogs:
            blog.up = True
        self.keys["approval"] = "editor"
        self._configure()
        self.collect()
        for edition in Edition.objects.filter(state__in=(State.DRAFT, State.APPROVED, State.QUEUED)):
            approval.cancel(edition, now=self.now)
        for _ in range(3):
            self.now = next_moment(kinaforum().send_moment, kinaforum().zone, self.now) - timedelta(minutes=5)
            edition = draft.make(config.current(), kinaforum(), now=self.now)
            if edition.state == State.DRAFT:
                approval.approve(config.current(), edition, now=self.now)
                self._sent_now(edition)
            self.now += timedelta(minutes=10)
            self._note()
            self.none_twice()
            self.no_flood()

    def _sent_now(self, edition: Edition) -> None:
        self._sent(approval.queue(config.current(), edition, now=self.now))

    def _check_end(self) -> None:
        held = {name for name, _ in self._held()}
        frozen = list(holding(NAME).filter(standalone=False).order_by("until"))
        for article in self.articles:
            if article.name not in held and article.listed and article.published < self.now - DAY:
                assert self._may_be_out(article, frozen), f"{article} is in no edition"

    def _may_be_out(self, article: Article, frozen: list[Edition]) -> bool:
        """Whether an edition says that the article is out, and rightly; or it was old when its source was new."""
        post = next((p for p in Post.objects.all() if _name(p) == article.name), None)
        if post is None:
            return not self._times_of(article.name) or article.published <= max(self._times_of(article.name))
        if times := self._times_of(article.name):
            longest = max(kinaforum().offered, key=CADENCES.index)
            if article.published < one_period_before(min(times), longest, kinaforum().zone):
                return True  # older than the newsletter's first period
        found = {e.reason for e in EditionPost.objects.filter(post=post, edition__in=frozen)}
        if posts_messages.LEFT_OUT() in found:
            return True
        if posts_messages.TOO_LATE() in found:
            return article.published < self.now - 30 * DAY
        able = [e for e in frozen if e.refreshed_at >= post.first_seen] or frozen
        first_window = one_period_before(able[0].since, kinaforum().period, kinaforum().zone)
        old = article.published <= max(self._times_of(article.name))
        # An edition that was given up since may be the one that listed it as old.
        listed = EditionPost.objects.filter(post=post, reason=posts_messages.THERE_BEFORE()).exists()
        return old and post.was_there_before and (listed or article.published < first_window)


def _name(post: Post) -> str:
    return post.url.rpartition("/")[2].removesuffix(".html")


@pytest.mark.django_db
def test_every_post_is_in_exactly_one_edition(monkeypatch: pytest.MonkeyPatch) -> None:
    machines: list[JudgedWeeks] = []

    def read(*arguments: object, **named: object) -> object:
        return machines[-1].web.read(*arguments, **named)

    def machine() -> JudgedWeeks:
        machines.append(JudgedWeeks())
        return machines[-1]

    monkeypatch.setattr("newsletter.collecting.collect.read", read)
    monkeypatch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
