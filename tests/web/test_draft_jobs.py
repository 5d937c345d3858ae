"""Drafts are made and refreshed in the background: with progress, after a closed tab, and after a restart."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.background import queue
from newsletter.editions import draft as drafting
from newsletter.models import Edition, Job, JobState
from newsletter.web.desk import jobs, urls
from newsletter.web.desk.edition import draft_jobs
from tests import settings
from tests.web import make

pytestmark = pytest.mark.django_db
DRAFT = "/desk/n/kinaforum/draft/"
POST = "---\ntitle: First\ndate: {at}\n---\n\nHere it begins, and it goes on over more than one line.\n"


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source that can be read: a folder with a post of an hour ago."""
    at = timezone.now() - timedelta(hours=1)
    (tmp_path / "first.md").write_text(POST.format(at=at.isoformat()))
    text = settings.TEXT.replace('url = "http://127.0.0.1:9/"\n', f'url = "{tmp_path}"\ntype = "folder"\n')
    config.use(config.parse(text, settings.FOLDER / "config.toml"))
    return tmp_path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave jobs to be done after the request that starts them."""
    monkeypatch.setattr(jobs, "enqueue", lambda task, key, **given: True)


def run(job: Job) -> Job:
    jobs.RUN.run(config.current(), job=str(job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.usefixtures("later")
def test_a_request_for_a_draft_only_starts_it(editor: Client) -> None:
    answer = editor.post(DRAFT)
    job = Job.objects.get()
    assert (answer["Location"], job.state) == (f"/desk/jobs/{job.pk}/", JobState.WAITING)
    assert not Edition.objects.exists()
    page = editor.get(answer["Location"]).content.decode()
    assert "Creating the draft" in page
    assert "You can leave this page" in page


@pytest.mark.usefixtures("later")
def test_a_second_press_shows_the_job_that_goes_on_and_another_period_is_another_job(editor: Client) -> None:
    first = editor.post(DRAFT)["Location"]
    assert editor.post(DRAFT)["Location"] == first
    assert editor.post(DRAFT, {"period": "2026-02-04"})["Location"] != first


@pytest.mark.usefixtures("later")
def test_a_draft_is_made_where_nobody_looks_at_the_job(editor: Client) -> None:
    editor.post(DRAFT, {"period": "2026-02-04"})
    job = run(Job.objects.get())
    assert job.state == JobState.DONE
    assert job.done < job.total, "the addresses of posts are checked after the sources"
    made = Edition.objects.get()
    assert (made.period, made.revisions.get().by) == ("2026-W06", "anna@example.org")
    assert editor.get(f"/desk/jobs/{job.pk}/")["Location"] == "/desk/editions/kinaforum/2026-W06/"


@pytest.mark.usefixtures("later", "folder")
def test_a_draft_whose_making_was_killed_is_made_once_after_the_restart(
    editor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor.post(DRAFT)
    job = Job.objects.get()
    with monkeypatch.context() as patched:

        def killed(*_: Any, **__: Any) -> None:
            raise Killed

        patched.setattr(drafting, "_fill", killed)
        with pytest.raises(Killed):
            run(job)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert not Edition.objects.exists()
    monkeypatch.setattr(jobs, "enqueue", lambda task, key, **given: task.run(config.current(), **given) is None)
    jobs.resume(config.current(), lambda: urls)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert [entry.post.title for entry in Edition.objects.get().entries.all()] == ["First"]


def test_why_there_is_no_draft_is_said_on_the_newsletter(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    paused = settings.TEXT.replace("[newsletters.kinaforum]", '[newsletters.kinaforum]\nstatus = "paused"')
    config.use(config.parse(paused, settings.FOLDER / "config.toml"))
    answer = editor.post(DRAFT, follow=True)
    assert answer.redirect_chain[-1][0] == "/desk/n/kinaforum/"
    assert "Kinaforum is paused" in answer.content.decode()


def test_the_end_of_the_program_leaves_the_job_for_the_next_start(
    editor: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue(jobs.LANE), "_ending", True)
    editor.post(DRAFT)
    assert Job.objects.get().state == JobState.WAITING
    assert not Edition.objects.exists()


def test_a_refresh_says_what_came_of_it(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = make.draft("First")
    monkeypatch.setattr(drafting, "collect", lambda *_, **__: [])
    page = f"/desk/editions/kinaforum/{draft.period}/"
    assert "There is nothing new at the sources." in editor.post(f"{page}refresh/", follow=True).content.decode()
    make.post("Second", hours=3)
    assert "has been updated from the sources." in editor.post(f"{page}refresh/", follow=True).content.decode()


def test_every_source_is_a_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[int, int]] = []
    newsletter = config.current().newsletters["kinaforum"]
    drafting.make(config.current(), newsletter, now=timezone.now(), step=lambda *step: steps.append(step))
    assert steps == [(number, len(newsletter.sources) + 1) for number in range(1, len(newsletter.sources) + 1)]
    assert draft_jobs.MAKE.resumable(config.current(), Job())
