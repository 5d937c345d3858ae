"""Jobs in the background: progress, failures, and what happens after a restart."""

import socket
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from newsletter import background, config
from newsletter.background import local
from newsletter.collecting.collect import Collected
from newsletter.messages import Problem
from newsletter.messages.general import TEXT
from newsletter.models import Act, Job, JobState, Notice
from newsletter.scheduling import housekeeping
from newsletter.web.desk import account_import, deliverability, jobs, source_pages, urls
from newsletter.web.desk.subscribers import import_jobs, uploads
from newsletter.web.desk.subscribers.import_jobs import ImportOrder
from subscribers.importing import run
from subscribers.models import Import, Subscriber, Subscription

pytestmark = pytest.mark.django_db
ROWS = "email,name\n" + "".join(f"r{n}@reader.example,Reader {n}\n" for n in range(10)) + "broken,B\n"
MEANINGS = ("address", "name")


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PORTION", 4)


def order(text: str = ROWS, *, shown: str = "11 10 0 0 0 1 10 0 0") -> dict[str, Any]:
    """An import that was previewed, its file held."""
    file = uploads.keep(SimpleUploadedFile("readers.csv", text.encode()))
    held = uploads.hold(file, config.current())
    return ImportOrder("kinaforum", "the old list", "active", held, "readers.csv", MEANINGS, shown).to_json()


def waiting(kind: str = "import", given: dict[str, Any] | None = None, **values: Any) -> Job:
    about = {"about": "kinaforum", "by": "admin@example.org", "place": jobs.place(config.current())}
    return Job.objects.create(kind=kind, order=given or {}, **{**about, **values})


def done(job: Job) -> Job:
    jobs.RUN.run(config.current(), job=str(job.pk))
    job.refresh_from_db()
    return job


class Killed(BaseException):
    """The process ends here."""


def killed_after(portions: int, monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    """Run an import that ends in the middle, without another word."""
    real, steps = jobs.JobProgress.__call__, [0]

    def dying(self: jobs.JobProgress, done: int, total: int, result: Any = None) -> None:
        real(self, done, total, result)
        steps[0] += result is not None
        if steps[0] > portions:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(jobs.JobProgress, "__call__", dying)
        with pytest.raises(Killed):
            jobs.RUN.run(config.current(), job=str(job.pk))


def test_an_import_stores_its_progress_with_each_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    real = jobs.JobProgress.__call__

    def noting(self: jobs.JobProgress, done: int, total: int, result: Any = None) -> None:
        real(self, done, total, result)
        if result:
            row = Job.objects.get()
            seen.append((row.result["place"], Subscriber.objects.count()))

    monkeypatch.setattr(jobs.JobProgress, "__call__", noting)
    job = done(waiting(given=order()))
    assert seen == [(4, 4), (8, 8), (11, 10)]
    assert (job.state, job.done, job.total) == (JobState.DONE, job.total, len(ROWS))
    figures = {"lines": 11, "active": 10, "waiting": 0, "suppressed": 0, "present": 0, "refused": 1}
    assert Act.objects.get(what__code="act.imported").after == {**figures, "added": 10, "updated": 0, "unchanged": 0}
    record = Import.objects.get()
    assert (record.figures, record.by, record.file) == (figures, job.by, job.order["name"])


def test_an_import_that_was_killed_continues_and_loses_nothing(monkeypatch: pytest.MonkeyPatch, admin: Client) -> None:
    job = waiting(given=order())
    killed_after(1, monkeypatch, job)
    job.refresh_from_db()
    assert (job.state, Subscriber.objects.count(), job.result["place"]) == (JobState.RUNNING, 4, 4)
    jobs.resume(config.current(), lambda: urls)
    job.refresh_from_db()
    assert (job.state, job.result["added"], job.result["refused"]) == (JobState.DONE, 10, 1)
    assert Import.objects.get().figures["lines"] == 11
    assert job.restarted_at is not None
    assert Subscription.objects.filter(state="active").count() == 10
    page = admin.get(f"/desk/jobs/{job.pk}/").content.decode()
    assert "Import complete" in page
    assert "was restarted" in page
    assert not uploads.path(job.order["file"], config.current()).exists()


def test_a_start_leaves_a_job_alone_that_this_program_is_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the web server has failed and begins anew, or when another program of the folder has ended."""
    states: list[str] = []

    def begin_anew(configuration: config.Config, job: Job, progress: jobs.JobProgress) -> jobs.Json:
        jobs.resume(config.current(), lambda: urls)
        states.append(Job.objects.get(pk=job.pk).state)
        return {}

    monkeypatch.setitem(jobs.KINDS, "dns", replace(jobs.KINDS["dns"], run=begin_anew))
    assert (done(waiting("dns")).state, states) == (JobState.DONE, [JobState.RUNNING])


def test_an_import_stops_between_portions_when_the_program_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background.queue(jobs.LANE), "_ending", True)
    assert done(waiting(given=order())).state == JobState.WAITING
    assert not Subscriber.objects.exists()


def test_a_job_that_ended_the_program_three_times_is_given_up_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "enqueue", lambda task, key, **given: None)
    job, tried = waiting("dns"), []
    for _ in range(4):
        Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)  # the program ended here, without another word
        jobs.resume(config.current(), lambda: urls)
        job.refresh_from_db()
        tried.append(job.state)
    assert tried == [JobState.WAITING, JobState.WAITING, JobState.FAILED, JobState.FAILED]
    (told,) = Notice.objects.filter(kind="task")
    assert "the task dns (kinaforum) was set aside, because the program crashed three times" in str(told.text)


def test_a_job_that_the_end_of_the_program_left_in_time_did_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "enqueue", lambda task, key, **given: None)
    job = waiting("dns")
    for _ in range(4):
        jobs.resume(config.current(), lambda: urls)
    job.refresh_from_db()
    assert (job.state, job.crashes) == (JobState.WAITING, 0)


def test_a_file_that_is_gone_after_a_restart_is_said(admin: Client) -> None:
    given = order()
    uploads.release(given["file"], config.current())
    job = waiting(given=given, state=JobState.RUNNING)
    jobs.resume(config.current(), lambda: urls)
    page = admin.get(f"/desk/jobs/{job.pk}/").content.decode()
    assert "The program was stopped before this was finished; try again." in page
    assert "Choose" in page or 'type="file"' in page


def test_a_container_that_is_created_anew_continues_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host has another name, whichever database it uses."""
    monkeypatch.setattr(socket, "gethostname", lambda: "first")
    job = waiting(given=order(), state=JobState.RUNNING)
    monkeypatch.setattr(socket, "gethostname", lambda: "second")
    monkeypatch.setattr(jobs, "connection", SimpleNamespace(vendor="postgresql"))
    jobs.resume(config.current(), lambda: urls)
    job.refresh_from_db()
    assert (job.state, Subscriber.objects.count()) == (JobState.DONE, 10)
    assert not uploads.path(job.order["file"], config.current()).exists()


def test_a_job_of_a_sqlite_file_is_of_the_program_that_has_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "connection", SimpleNamespace(vendor="sqlite"))
    job = waiting(given=order(), place="first:/srv", state=JobState.RUNNING)
    jobs.resume(config.current(), lambda: urls)
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_jobs_of_other_machines_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "connection", SimpleNamespace(vendor="postgresql"))
    job = waiting(place="elsewhere", state=JobState.RUNNING)
    jobs.resume(config.current(), lambda: urls)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING


def test_a_job_that_fails_says_so_and_is_logged(monkeypatch: pytest.MonkeyPatch, admin: Client) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("the details")

    monkeypatch.setattr(import_jobs, "import_file", failing)
    job = waiting(given=order())
    with pytest.raises(RuntimeError):
        done(job)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "An unexpected error (RuntimeError)" in admin.get(f"/desk/jobs/{job.pk}/").content.decode()


def test_the_page_of_a_running_job_shows_its_progress(admin: Client) -> None:
    job = waiting(state=JobState.RUNNING, done=450, total=1000, result={"added": 12_000, "updated": 3, "refused": 0})
    page = admin.get(f"/desk/jobs/{job.pk}/").content.decode()
    assert 'value="45"' in page
    assert "12,000" in page
    assert "You can leave this page" in page
    live = admin.get(f"/desk/jobs/{job.pk}/live/")
    assert "HX-Refresh" not in live
    Job.objects.update(state=JobState.DONE)
    assert admin.get(f"/desk/jobs/{job.pk}/live/")["HX-Refresh"] == "true"


def test_a_job_of_unknown_length_shows_no_percentage(admin: Client) -> None:
    job = waiting("try", {"url": "https://kinaforum.example/"}, state=JobState.RUNNING)
    page = admin.get(f"/desk/jobs/{job.pk}/").content.decode()
    assert "<progress" in page
    assert "0 %" not in page


def test_a_job_without_progress_for_a_minute_is_said(admin: Client) -> None:
    job = waiting(state=JobState.RUNNING, updated_at=timezone.now() - timedelta(minutes=2))
    assert "Nothing has happened for a while." in admin.get(f"/desk/jobs/{job.pk}/").content.decode()


def test_a_running_import_is_named_on_the_page_of_subscribers(admin: Client) -> None:
    job = waiting(state=JobState.RUNNING, done=45, total=100)
    assert f'href="/desk/jobs/{job.pk}/"' in admin.get("/desk/subscribers/").content.decode()
    Job.objects.update(state=JobState.DONE)
    assert f'href="/desk/jobs/{job.pk}/"' not in admin.get("/desk/subscribers/").content.decode()


def test_editors_see_their_checks_of_sources_and_no_imports(editor: Client) -> None:
    job = waiting(state=JobState.RUNNING)
    assert editor.get(f"/desk/jobs/{job.pk}/").status_code == 403
    assert editor.get(f"/desk/jobs/{job.pk}/live/").status_code == 403
    collecting = waiting("collect", state=JobState.RUNNING)
    assert editor.get(f"/desk/jobs/{collecting.pk}/").status_code == 200


def test_sources_are_checked_in_the_background(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def reading(*_: object, step: Any, **__: object) -> list[Collected]:
        step(1, 2)
        step(2, 2)
        problem = TEXT(words="the blog does not answer")
        return [Collected("kinaforum", "a", "feed", 3, 0, None), Collected("kinaforum", "b", "feed", 0, 0, problem)]

    monkeypatch.setattr(source_pages, "collect", reading)
    page = editor.post("/desk/sources/kinaforum/fetch/", follow=True).content.decode()
    assert "3 new posts." in page
    assert "The blog does not answer." in page
    assert (Job.objects.get().done, Job.objects.get().total) == (2, 2)


def test_a_check_that_runs_is_shown_instead_of_a_second_one(editor: Client) -> None:
    job = waiting("collect", state=JobState.RUNNING)
    assert editor.post("/desk/sources/kinaforum/fetch/")["Location"] == f"/desk/jobs/{job.pk}/"
    Job.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    assert jobs.unfinished(source_pages.COLLECT, "kinaforum") is None


def test_a_job_of_an_unknown_kind_is_not_found(admin: Client) -> None:
    assert admin.get(f"/desk/jobs/{waiting('from the future').pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_jobs_are_deleted_after_a_day() -> None:
    waiting(updated_at=timezone.now() - timedelta(hours=25))
    housekeeping.tidy(config.current(), timezone.now())
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_machine_never_comes_back_is_said_to_be_interrupted() -> None:
    now = timezone.now()
    job = waiting(place="elsewhere", state=JobState.RUNNING, updated_at=now - timedelta(hours=13))
    going = waiting(state=JobState.RUNNING, updated_at=now - timedelta(hours=11))
    housekeeping.tidy(config.current(), now)
    job.refresh_from_db()
    going.refresh_from_db()
    assert (job.state, job.problem.code) == (JobState.FAILED, "job.interrupted")
    assert going.state == JobState.RUNNING


@pytest.mark.django_db(transaction=True)
def test_the_file_of_a_job_is_removed_with_its_row() -> None:
    kept, gone = waiting(given=order(), state=JobState.FAILED), order()
    file = uploads.path(gone["file"], config.current())
    housekeeping.tidy(config.current(), timezone.now())
    assert file.exists()  # its row may be about to be stored
    day_later = timezone.now() + timedelta(hours=25)
    Job.objects.update(updated_at=day_later)
    housekeeping.tidy(config.current(), day_later)
    assert not file.exists()
    assert uploads.path(kept.order["file"], config.current()).exists()


def cancelled_meanwhile(ended: BaseException | None, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Return a job that a person cancels in the moment in which it ends."""
    job = waiting("dns")

    def ending(configuration: object, row: Job, progress: object) -> dict[str, Any]:
        Job.objects.filter(pk=row.pk).update(state=JobState.FAILED, problem=TEXT(words="cancelled"))
        if ended:
            raise ended
        return {"number": 1}

    monkeypatch.setitem(jobs.KINDS, "dns", replace(deliverability.CHECK, run=ending))
    return done(job)


@pytest.mark.parametrize("ended", [None, jobs.Stopping(), Problem(TEXT(words="the server is away"))])
def test_a_cancelled_job_stays_cancelled(ended: BaseException | None, monkeypatch: pytest.MonkeyPatch) -> None:
    job = cancelled_meanwhile(ended, monkeypatch)
    assert (job.state, str(job.problem), job.result) == (JobState.FAILED, "cancelled", {})


def test_a_job_that_is_cancelled_while_the_program_starts_stays_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    job = waiting("dns")
    monkeypatch.setattr(jobs, "enqueue", lambda task, key, **arguments: None)

    def cancelling() -> None:
        Job.objects.update(state=JobState.FAILED, problem=TEXT(words="cancelled"))

    jobs.resume(config.current(), cancelling)
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_a_job_for_which_there_is_no_room_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "LIMIT", 0)
    monkeypatch.setattr(jobs, "enqueue", background.enqueue)
    configuration, order_of_account = (
        config.current(),
        account_import.order_of("ghost", "https://b.example", "", "daily"),
    )
    account_import.store_key(configuration, order_of_account, "a key")
    job = jobs.start(account_import.FETCH, configuration, "daily", "admin@example.org", order_of_account)
    assert (job.state, str(job.problem)) == (JobState.FAILED, "too many jobs are waiting; try again later")
    assert not (uploads.path(order_of_account["file"], configuration) / account_import.KEY).exists()


def test_files_of_ended_imports_are_removed_at_the_start() -> None:
    ended, going = order(), waiting(given=order(), state=JobState.RUNNING)
    jobs.resume(config.current(), lambda: urls)
    uploads.remove_ended(config.current())
    going.refresh_from_db()
    assert going.state == JobState.DONE
    assert not uploads.path(ended["file"], config.current()).exists()
