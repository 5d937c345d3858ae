"""The desk's addresses; each behind its row of the access table."""

from django.urls import URLPattern, path

from newsletter.web import periods  # noqa: F401 - makes <period:…> known
from newsletter.web.desk import (
    account,
    edition,
    entrance,
    home,
    importing,
    inforce,
    people,
    preview,
    report,
    sending,
    sources,
    subscribers,
)
from newsletter.web.desk.access import View, guarded

app_name = "desk"


EDITION = "editions/<slug:name>/<period:period>/"


def _page(address: str, view: View, name: str) -> URLPattern:
    return path(address, guarded(name, view), name=name)


urlpatterns = [
    _page("", home.home, "home"),
    _page("login/", entrance.login, "login"),
    _page("login/code/", entrance.code, "code"),
    _page("logout/", entrance.logout, "logout"),
    _page("setup/<str:token>/", entrance.setup, "setup"),
    _page("password/", entrance.forgotten, "forgotten"),
    _page("password/<str:key>/<str:token>/", entrance.password, "password"),
    _page("language/", entrance.language, "language"),
    _page("account/", account.account, "account"),
    _page("account/password/", account.change_password, "account-password"),
    _page("account/factor/", account.factor, "account-factor"),
    _page("account/session/", account.end_session, "account-session"),
    _page("n/<slug:name>/", home.newsletter, "newsletter"),
    _page("n/<slug:name>/draft/", home.draft, "draft"),
    _page(EDITION, edition.edition, "edition"),
    _page(f"{EDITION}words/", edition.set_words, "words"),
    _page(f"{EDITION}posts/", edition.posts, "posts"),
    _page(f"{EDITION}post/", edition.change_post, "post"),
    _page(f"{EDITION}post/<int:post>/", edition.original, "original"),
    _page(f"{EDITION}add/", edition.add, "add"),
    _page(f"{EDITION}refresh/", edition.refresh, "refresh"),
    _page(f"{EDITION}history/", edition.history, "history"),
    _page(f"{EDITION}undo/", edition.undo, "undo"),
    _page(f"{EDITION}side/", preview.side, "side"),
    _page(f"{EDITION}preview/", preview.preview, "preview"),
    _page(f"{EDITION}frame/", preview.frame, "frame"),
    _page(f"{EDITION}text/", preview.text, "text"),
    _page(f"{EDITION}raw/", preview.raw, "raw"),
    _page(f"{EDITION}links/", preview.links, "links"),
    _page(f"{EDITION}proof/", sending.proof, "proof"),
    _page(f"{EDITION}approve/", sending.approve, "approve"),
    _page(f"{EDITION}reopen/", sending.reopen, "reopen"),
    _page(f"{EDITION}send/", sending.send, "send"),
    _page(f"{EDITION}control/", sending.control, "control"),
    _page(f"{EDITION}settle/", sending.settle, "settle"),
    _page(f"{EDITION}report/", report.report, "report"),
    _page(f"{EDITION}live/", report.live, "live"),
    _page(f"{EDITION}report.csv", report.report_csv, "report-csv"),
    _page("subscribers/", subscribers.subscribers, "subscribers"),
    _page("subscribers/add/", subscribers.add, "subscribers-add"),
    _page("subscribers/import/", importing.take_in, "subscribers-import"),
    _page("subscribers/export/", importing.export, "subscribers-export"),
    _page("subscribers/<int:pk>/", subscribers.subscriber, "subscriber"),
    _page("subscribers/<int:pk>/act/", subscribers.act, "subscriber-act"),
    _page("settings/", inforce.in_force, "settings"),
    _page("settings/dns/", inforce.dns, "settings-dns"),
    _page("settings/provider/", inforce.provider, "settings-provider"),
    _page("sources/", sources.sources, "sources"),
    _page("sources/try/", sources.attempt, "source-try"),
    _page("sources/<slug:name>/fetch/", sources.fetch, "source-fetch"),
    _page("users/", people.people, "users"),
    _page("users/<int:pk>/", people.act, "user-act"),
    _page("log/", people.log, "log"),
]
