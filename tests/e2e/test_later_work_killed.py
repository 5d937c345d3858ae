"""Later work of a program that is killed, at each point of an attempt: it is done, and twice only if nobody can know
that it was done.
"""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Site

CONFIG = """
[site]
url = "http://localhost:8000"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "https://kinaforum.example/feed"
"""
TRY = """
import json, os
from datetime import timedelta
from pathlib import Path
from django.db import connections
from django.utils import timezone
from newsletter import config, later
from newsletter.later import attempts

effects = Path("effects")

@later.later("trial", "Trial", pauses=[timedelta(minutes=1)], queue="work")
def trial(configuration, work, now):
    with effects.open("a") as file:
        file.write(f"{work.key}\\n")

def ends(function, *, before):
    def killed(*arguments, **named):
        if before:
            os._exit(9)
        function(*arguments, **named)
        os._exit(9)
    return killed

points = {
    f"{word} {name}": (name, before)
    for name in ("lease_rows", "_do", "_finish")
    for word, before in (("before", True), ("after", False))
}
statuses = {}
for point, (name, before) in points.items():
    later.add("trial", point, timezone.now())
    connections.close_all()
    child = os.fork()
    if not child:
        setattr(attempts, name, ends(getattr(attempts, name), before=before))
        later.run_due(config.current(), timezone.now(), trial)
        os._exit(0)
    statuses[point] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    later.run_due(config.current(), timezone.now() + trial.lease + timedelta(seconds=1), trial)
from newsletter.models import LaterWork
done = effects.read_text().split("\\n")
print(json.dumps({
    "killed": sorted(set(statuses.values())),
    "effects": {point: done.count(point) for point in points},
    "waiting": LaterWork.objects.count(),
}))
"""


@pytest.mark.e2e
def test_nothing_is_lost_and_only_what_was_not_recorded_is_done_again(site: Callable[[str], Site]) -> None:
    news = site(CONFIG)
    news.run("manage", "migrate", "-v", "0")
    result = json.loads(news.run("manage", "shell", "-v", "0", "-c", TRY).stdout)
    assert result == {
        "killed": [9],
        "effects": {
            "before lease_rows": 1,
            "after lease_rows": 1,
            "before _do": 1,
            "after _do": 1,
            "before _finish": 2,
            "after _finish": 1,
        },
        "waiting": 0,
    }
