"""The desk's addresses; each behind its row of the access table."""

from django.urls import URLPattern, path

from newsletter.web import numbers, periods
from newsletter.web.desk.composing import views as composing_views
from newsletter.web.desk.deliverability import views as deliverability_views
from newsletter.web.desk.designs import views as design_views
from newsletter.web.desk.edition import draft_jobs, preview
from newsletter.web.desk.edition import views as edition_views
from newsletter.web.desk.home import restored as restored_views
from newsletter.web.desk.home import views as home_views
from newsletter.web.desk.jobs import views as jobs_views
from newsletter.web.desk.login import account
from newsletter.web.desk.login import views as login_views
from newsletter.web.desk.notes import views as notes_views
from newsletter.web.desk.permissions import View, guarded
from newsletter.web.desk.programs import views as programs_views
from newsletter.web.desk.programs import webhook_pages
from newsletter.web.desk.revisions import views as revisions_views
from newsletter.web.desk.segments import views as segments_views
from newsletter.web.desk.send import archiving, exceptional, report
from newsletter.web.desk.send import views as send_views
from newsletter.web.desk.settings import editing, new_newsletter, unsent, webhooks_page
from newsletter.web.desk.settings import views as settings_views
from newsletter.web.desk.sources import trying
from newsletter.web.desk.sources import views as sources_views
from newsletter.web.desk.subscribers import bulk_tags, embedding, file_import, unanswered
from newsletter.web.desk.subscribers import views as subscribers_views
from newsletter.web.desk.team import views as team_views
from newsletter.web.desk.welcome import views as welcome_views
from newsletter.web.desk.workers import views as workers_views
from newsletter.web.desk.writing import views as writing_views

numbers.register()
periods.register()

app_name = "desk"


EDITION = "editions/<slug:name>/<period:period>/"


def _page(address: str, view: View, name: str) -> URLPattern:
    return path(address, guarded(name, view), name=name)


urlpatterns = [
    _page("", home_views.home, "home"),
    _page("login/", login_views.login, "login"),
    _page("login/code/", login_views.code, "code"),
    _page("logout/", login_views.logout, "logout"),
    _page("setup/<str:token>/", login_views.setup, "setup"),
    _page("password/", login_views.forgotten, "forgotten"),
    _page("password/<str:key>/<str:token>/", login_views.password, "password"),
    _page("language/", login_views.language, "language"),
    _page("account/", account.account, "account"),
    _page("account/name/", account.change_name, "account-name"),
    _page("account/password/", account.change_password, "account-password"),
    _page("account/factor/", account.factor, "account-factor"),
    _page("account/session/", account.end_session, "account-session"),
    _page("n/<slug:name>/", home_views.newsletter, "newsletter"),
    _page("n/<slug:name>/form/", embedding.signup_form, "signup-form"),
    _page("n/<slug:name>/draft/", draft_jobs.draft, "draft"),
    _page("n/<slug:name>/letter/", composing_views.letter, "letter"),
    _page("n/<slug:name>/welcome/", welcome_views.series, "welcome"),
    _page("n/<slug:name>/welcome/<number:number>/edit/", welcome_views.edit, "welcome-edit"),
    _page("n/<slug:name>/welcome/<number:number>/change/", welcome_views.change, "welcome-change"),
    _page(EDITION, edition_views.edition, "edition"),
    _page(f"{EDITION}words/", edition_views.set_words, "words"),
    _page(f"{EDITION}posts/", edition_views.posts, "posts"),
    _page(f"{EDITION}post/", edition_views.change_post, "post"),
    _page(f"{EDITION}post/<number:post>/", edition_views.original, "original"),
    _page(f"{EDITION}add/", edition_views.add, "add"),
    _page(f"{EDITION}refresh/", draft_jobs.refresh, "refresh"),
    _page(f"{EDITION}history/", edition_views.history, "history"),
    _page(f"{EDITION}undo/", edition_views.undo, "undo"),
    _page(f"{EDITION}compare/", revisions_views.compare, "compare"),
    _page(f"{EDITION}more/", composing_views.more, "more"),
    _page(f"{EDITION}duplicate/", composing_views.duplicate, "duplicate"),
    _page(f"{EDITION}blocks/", composing_views.blocks, "blocks"),
    _page(f"{EDITION}several/", composing_views.several, "several"),
    _page(f"{EDITION}notes/", notes_views.notes, "notes"),
    _page(f"{EDITION}side/", preview.side, "side"),
    _page(f"{EDITION}preview/", preview.preview, "preview"),
    _page(f"{EDITION}frame/", preview.frame, "frame"),
    _page(f"{EDITION}text/", preview.text, "text"),
    _page(f"{EDITION}raw/", preview.raw, "raw"),
    _page(f"{EDITION}links/", preview.links, "links"),
    _page(f"{EDITION}proof/", send_views.proof, "proof"),
    _page(f"{EDITION}approve/", send_views.approve, "approve"),
    _page(f"{EDITION}reopen/", send_views.reopen, "reopen"),
    _page(f"{EDITION}send/", send_views.send, "send"),
    _page(f"{EDITION}anyway/", exceptional.anyway, "anyway"),
    _page(f"{EDITION}skipped/", exceptional.skipped, "skipped"),
    _page(f"{EDITION}control/", send_views.control, "control"),
    _page(f"{EDITION}archive/", archiving.archive, "archive"),
    _page(f"{EDITION}settle/", send_views.settle, "settle"),
    _page(f"{EDITION}report/", report.report, "report"),
    _page(f"{EDITION}live/", report.live, "live"),
    _page(f"{EDITION}report.csv", report.report_csv, "report-csv"),
    _page("editor/", writing_views.tools, "editor"),
    _page("editor/rendered/", writing_views.rendered, "rendered"),
    _page("editor/image/", writing_views.image, "image"),
    _page("subscribers/", subscribers_views.subscribers, "subscribers"),
    _page("subscribers/add/", subscribers_views.add, "subscribers-add"),
    _page("subscribers/import/", file_import.take_in, "subscribers-import"),
    _page("subscribers/export/", file_import.export, "subscribers-export"),
    _page("subscribers/tags/", bulk_tags.tag, "subscribers-tags"),
    _page("subscribers/tags/<number:pk>/undo/", bulk_tags.undo, "subscribers-tags-undo"),
    _page("subscribers/unanswered/<slug:name>/", unanswered.unanswered, "subscribers-unanswered"),
    _page("subscribers/<number:pk>/", subscribers_views.subscriber, "subscriber"),
    _page("subscribers/<number:pk>/act/", subscribers_views.act, "subscriber-act"),
    _page("settings/", settings_views.in_force, "settings"),
    _page("settings/newsletters/add/", new_newsletter.add_newsletter, "newsletter-add"),
    _page("settings/site/<slug:section>/", editing.site_settings, "settings-site"),
    _page("settings/n/<slug:name>/designs/", design_views.designs, "designs"),
    _page("settings/n/<slug:name>/<slug:section>/", editing.newsletter_settings, "settings-newsletter"),
    _page("settings/n/<slug:name>/design/preview/", design_views.preview, "design-preview"),
    _page("settings/n/<slug:name>/designs/use/", editing.use_design, "design-use"),
    _page("settings/n/<slug:name>/designs/<slug:design>/frame/", design_views.frame, "design-frame"),
    _page("deliverability/", deliverability_views.deliverability, "deliverability"),
    _page("deliverability/check/", deliverability_views.check, "deliverability-check"),
    _page("settings/provider/", settings_views.provider, "settings-provider"),
    _page("settings/webhooks/", webhooks_page.webhooks, "settings-webhooks"),
    _page("sources/", sources_views.sources, "sources"),
    _page("sources/try/", trying.attempt, "source-try"),
    _page("sources/<slug:name>/add/", editing.add_source, "source-add"),
    _page("sources/<slug:name>/<number:number>/", editing.source_settings, "source-settings"),
    _page("sources/<slug:name>/<number:number>/remove/", editing.remove_source, "source-remove"),
    _page("sources/<slug:name>/fetch/", sources_views.fetch, "source-fetch"),
    _page("segments/", segments_views.listed, "segments"),
    _page("segments/add/", segments_views.edit, "segment-add"),
    _page("segments/count/", segments_views.count, "segment-count"),
    _page("segments/<number:pk>/", segments_views.edit, "segment"),
    _page("segments/<number:pk>/remove/", segments_views.remove, "segment-remove"),
    _page(f"{EDITION}recipients/", segments_views.choose, "recipients"),
    _page("jobs/<number:pk>/", jobs_views.job, "job"),
    _page("jobs/<number:pk>/live/", jobs_views.live, "job-live"),
    _page("restored/", restored_views.restored, "restored"),
    _page("unsent/", unsent.unsent, "unsent"),
    _page("unsent/retry/", unsent.retry, "unsent-retry"),
    _page("users/", team_views.people, "users"),
    _page("users/<number:pk>/", team_views.act, "user-act"),
    _page("log/", team_views.log, "log"),
    _page("workers/", workers_views.workers, "workers"),
    _page("workers/retry/", workers_views.retry, "workers-retry"),
    _page("tokens/", programs_views.listed, "tokens"),
    _page("tokens/<number:pk>/revoke/", programs_views.revoke, "token-revoke"),
    _page("webhooks/", webhook_pages.listed, "webhooks"),
    _page("webhooks/<number:pk>/", webhook_pages.log, "webhook"),
    _page("webhooks/<number:pk>/act/", webhook_pages.act, "webhook-act"),
]
