"""What is swept up from time to time: sessions and counters that are over, and texts that nobody needs any more."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from newsletter.config import Config
from newsletter.models import Notice, Occurrence, Post
from subscribers import preferences, signup

KEEP_TEXTS = timedelta(days=400)
KEEP_NOTICES = timedelta(days=90)


def tidy(configuration: Config, now: datetime) -> None:
    """Forget what is over. A ledger row is never deleted, only its text, once no draft can want it any more."""
    Session.objects.filter(expire_date__lt=now).delete()
    signup.tidy(now)
    preferences.let_go(now)
    Notice.objects.filter(at__lt=now - KEEP_NOTICES).delete()
    Occurrence.objects.filter(done_at__lt=now - KEEP_NOTICES).delete()
    old = Post.objects.filter(first_seen__lt=now - KEEP_TEXTS, changed_at__lt=now - KEEP_TEXTS).exclude(html="")
    old.exclude(entries__edition__state="draft").update(html="", summary="")
    preferences.empty_write_ahead_log()
