"""The job that imports an archive. An interrupted one goes on where it had stopped: no issue is imported twice."""

from newsletter.config import Config
from newsletter.editions.imported.archive_import import import_archive
from newsletter.feeds.archives.old_issue import ArchiveProblem
from newsletter.models import Job
from newsletter.web.desk.jobs.work import JobProgress, Json
from newsletter.web.desk.subscribers import uploads


def run(configuration: Config, job: Job, progress: JobProgress) -> Json:
    """Import the uploaded file."""
    order = job.order
    path = uploads.path(order["file"], configuration)
    try:
        result = import_archive(
            configuration,
            configuration.newsletters[job.about],
            path,
            now=job.created_at,
            base=order["base"],
            name=order["name"],
            by=job.by,
            job=job.pk,
            step=progress,
        )
    except ArchiveProblem as problem:
        uploads.release(order["file"], configuration)
        raise ArchiveProblem(problem.message.renamed(path.name, order["name"])) from problem
    uploads.release(order["file"], configuration)
    return {"import": result.number}
