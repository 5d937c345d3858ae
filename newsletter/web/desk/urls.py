"""The desk's addresses; each behind its row of the access table."""

from django.urls import URLPattern, path

from newsletter.web.desk import account, entrance, home, people, sources
from newsletter.web.desk.access import View, guarded

app_name = "desk"


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
    _page("sources/", sources.sources, "sources"),
    _page("sources/try/", sources.attempt, "source-try"),
    _page("sources/<slug:name>/fetch/", sources.fetch, "source-fetch"),
    _page("users/", people.people, "users"),
    _page("users/<int:pk>/", people.act, "user-act"),
    _page("log/", people.log, "log"),
]
