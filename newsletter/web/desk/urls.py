"""The desk's addresses, each with the role that it is for.

Before a view, the newsletter and the edition that its address names are looked up, and rows by their numbers
(`permissions.MODELS`): the view has them as parameters.
"""

from django.urls import URLPattern, path

from newsletter.web import converters
from newsletter.web.desk import (
    account_import,
    api_access,
    composing,
    deliverability,
    designs,
    exports,
    guides,
    job_pages,
    notes,
    old_issues,
    segments,
    source_pages,
    team,
    welcome,
    workers,
    writing,
)
from newsletter.web.desk.edition import comparison, draft_jobs, preview
from newsletter.web.desk.edition import views as edition_views
from newsletter.web.desk.home import views as home_views
from newsletter.web.desk.login import account
from newsletter.web.desk.login import views as login_views
from newsletter.web.desk.permissions import Role, View, guarded
from newsletter.web.desk.send import departure_page, report
from newsletter.web.desk.send import views as send_views
from newsletter.web.desk.settings import delivery_pages, editing, logo_upload, new_newsletter, unsent
from newsletter.web.desk.settings import views as settings_views
from newsletter.web.desk.settings.inputs import subject_field
from newsletter.web.desk.subscribers import confirmations, file_import, past_imports, tags
from newsletter.web.desk.subscribers import views as subscribers_views

converters.register()

app_name = "desk"


ANYONE, EDITOR, SENDER, ADMIN = Role
EDITION = "editions/<slug:name>/<period:period>/"


def _page(address: str, view: View, name: str, needed: Role) -> URLPattern:
    return path(address, guarded(view, needed), name=name)


urlpatterns = [
    _page("", home_views.home, "home", EDITOR),
    _page("login/", login_views.login, "login", ANYONE),
    _page("login/code/", login_views.code, "code", ANYONE),
    _page("logout/", login_views.logout, "logout", ANYONE),
    _page("setup/<str:token>/", login_views.setup, "setup", ANYONE),
    _page("password/", login_views.forgotten, "forgotten", ANYONE),
    _page("password/<str:key>/<str:token>/", login_views.password, "password", ANYONE),
    _page("language/", login_views.language, "language", ANYONE),
    _page("account/", account.account, "account", EDITOR),
    _page("account/name/", account.change_name, "account-name", EDITOR),
    _page("account/password/", account.change_password, "account-password", EDITOR),
    _page("account/factor/", account.factor, "account-factor", EDITOR),
    _page("account/session/", account.end_session, "account-session", EDITOR),
    _page("n/<slug:name>/", home_views.newsletter, "newsletter", EDITOR),
    _page("n/<slug:name>/form/", subscribers_views.signup_form, "signup-form", EDITOR),
    _page("n/<slug:name>/draft/", draft_jobs.draft, "draft", EDITOR),
    _page("n/<slug:name>/letter/", composing.letter, "letter", EDITOR),
    _page("n/<slug:name>/welcome/", welcome.series, "welcome", EDITOR),
    _page("n/<slug:name>/welcome/add/", welcome.add, "welcome-add", EDITOR),
    _page("n/<slug:name>/welcome/<number:number>/edit/", welcome.edit, "welcome-edit", EDITOR),
    _page("n/<slug:name>/welcome/<number:number>/change/", welcome.change, "welcome-change", SENDER),
    _page(EDITION, edition_views.edition_page, "edition", EDITOR),
    _page(f"{EDITION}words/", edition_views.set_texts, "words", EDITOR),
    _page(f"{EDITION}writers/", edition_views.writers, "writers", EDITOR),
    _page(f"{EDITION}posts/", edition_views.posts, "posts", EDITOR),
    _page(f"{EDITION}post/", edition_views.change_post, "post", EDITOR),
    _page(f"{EDITION}post/<number:post>/", edition_views.original, "original", EDITOR),
    _page(f"{EDITION}add/", edition_views.add, "add", EDITOR),
    _page(f"{EDITION}refresh/", draft_jobs.refresh, "refresh", EDITOR),
    _page(f"{EDITION}history/", edition_views.history, "history", EDITOR),
    _page(f"{EDITION}undo/", edition_views.undo, "undo", EDITOR),
    _page(f"{EDITION}compare/", comparison.compare, "compare", EDITOR),
    _page(f"{EDITION}more/", composing.more, "more", EDITOR),
    _page(f"{EDITION}duplicate/", composing.duplicate, "duplicate", EDITOR),
    _page(f"{EDITION}correct/", composing.correct, "correct", EDITOR),
    _page(f"{EDITION}template/", composing.template, "template", EDITOR),
    _page(f"{EDITION}blocks/", composing.blocks, "blocks", EDITOR),
    _page(f"{EDITION}several/", composing.several, "several", EDITOR),
    _page(f"{EDITION}notes/", notes.notes, "notes", EDITOR),
    _page(f"{EDITION}side/", preview.side, "side", EDITOR),
    _page(f"{EDITION}preview/", preview.preview, "preview", EDITOR),
    _page(f"{EDITION}frame/", preview.frame, "frame", EDITOR),
    _page(f"{EDITION}text/", preview.text, "text", EDITOR),
    _page(f"{EDITION}raw/", preview.raw, "raw", EDITOR),
    _page(f"{EDITION}links/", preview.links, "links", EDITOR),
    _page(f"{EDITION}proof/", send_views.proof, "proof", EDITOR),
    _page(f"{EDITION}approve/", send_views.approve, "approve", SENDER),
    _page(f"{EDITION}reopen/", send_views.reopen, "reopen", SENDER),
    _page(f"{EDITION}send/", departure_page.send, "send", SENDER),
    _page(f"{EDITION}anyway/", departure_page.anyway, "anyway", EDITOR),
    _page(f"{EDITION}skipped/", departure_page.skipped, "skipped", SENDER),
    _page(f"{EDITION}control/", send_views.control, "control", SENDER),
    _page(f"{EDITION}archive/", report.archive, "archive", EDITOR),
    _page(f"{EDITION}settle/", send_views.settle, "settle", SENDER),
    _page(f"{EDITION}report/", report.report, "report", EDITOR),
    _page(f"{EDITION}live/", report.live, "live", EDITOR),
    _page(f"{EDITION}report.csv", report.report_csv, "report-csv", SENDER),
    _page("editor/", writing.tools, "editor", EDITOR),
    _page("editor/rendered/", writing.rendered, "rendered", EDITOR),
    _page("editor/image/", writing.image, "image", EDITOR),
    _page("old-issues/", old_issues.imports, "old-issues", ADMIN),
    _page("old-issues/<number:archive_import>/undo/", old_issues.undo, "old-issues-undo", ADMIN),
    _page("old-issues/<slug:name>/addresses/<slug:form>/", old_issues.addresses, "old-addresses", ADMIN),
    _page(f"{EDITION}imported/", old_issues.imported, "imported-edition", EDITOR),
    _page("subscribers/", subscribers_views.subscribers, "subscribers", ADMIN),
    _page("subscribers/add/", subscribers_views.add, "subscribers-add", ADMIN),
    _page("subscribers/import/", file_import.import_subscribers, "subscribers-import", ADMIN),
    _page("subscribers/import/account/", account_import.account, "subscribers-account", ADMIN),
    _page(
        "subscribers/import/account/<number:pk>/issues/",
        account_import.import_issues,
        "subscribers-account-issues",
        ADMIN,
    ),
    _page("subscribers/imports/", past_imports.listed, "subscribers-imports", ADMIN),
    _page("subscribers/imports/<number:record>/", past_imports.imported, "subscribers-imported", ADMIN),
    _page("subscribers/imports/<number:record>/refused.csv", past_imports.refused, "subscribers-refused", ADMIN),
    _page("subscribers/imports/<number:record>/undo/", past_imports.undo, "subscribers-import-undo", ADMIN),
    _page("subscribers/imports/<number:record>/dismiss/", past_imports.dismiss, "subscribers-import-dismiss", ADMIN),
    _page("guides/<slug:document>/", guides.guide, "guide", ADMIN),
    _page("subscribers/export/", exports.subscribers, "subscribers-export", ADMIN),
    _page("export/", exports.exports, "exports", ADMIN),
    _page("export/<slug:name>/archive/", exports.archive, "archive-export", ADMIN),
    _page("export/archive/<number:pk>/", exports.archive_file, "archive-file", ADMIN),
    _page("subscribers/tags/", tags.tag, "subscribers-tags", ADMIN),
    _page("subscribers/tags/<number:job>/undo/", tags.undo, "subscribers-tags-undo", ADMIN),
    _page("subscribers/delayed/<slug:name>/", confirmations.delayed, "subscribers-delayed", ADMIN),
    _page("subscribers/unanswered/<slug:name>/", confirmations.unanswered, "subscribers-unanswered", ADMIN),
    _page("subscribers/<number:person>/", subscribers_views.subscriber, "subscriber", ADMIN),
    _page("subscribers/<number:person>/act/", subscribers_views.act, "subscriber-act", ADMIN),
    _page("subscribers/<number:person>/address/", subscribers_views.change_address, "subscriber-address", ADMIN),
    _page("settings/", settings_views.show_settings, "settings", ADMIN),
    _page("settings/newsletters/add/", new_newsletter.add_newsletter, "newsletter-add", ADMIN),
    _page("settings/site/<slug:section>/", editing.site_settings, "settings-site", ADMIN),
    _page("settings/n/<slug:name>/designs/", designs.designs, "designs", ADMIN),
    _page("settings/n/<slug:name>/<slug:section>/", editing.newsletter_settings, "settings-newsletter", ADMIN),
    _page("settings/n/<slug:name>/subject/example/", subject_field.answer, "subject-example", ADMIN),
    _page("settings/n/<slug:name>/design/preview/", designs.preview, "design-preview", ADMIN),
    _page("settings/n/<slug:name>/design/logo/", logo_upload.upload, "logo-upload", ADMIN),
    _page("settings/n/<slug:name>/designs/use/", editing.use_design, "design-use", ADMIN),
    _page("settings/n/<slug:name>/designs/<slug:design>/frame/", designs.frame, "design-frame", ADMIN),
    _page("deliverability/", deliverability.deliverability, "deliverability", ADMIN),
    _page("deliverability/check/", deliverability.check, "deliverability-check", ADMIN),
    _page("settings/provider/", settings_views.provider, "settings-provider", ADMIN),
    _page("settings/webhooks/", delivery_pages.webhooks, "settings-webhooks", ADMIN),
    _page("sources/", source_pages.sources, "sources", EDITOR),
    _page("sources/try/", source_pages.try_address, "source-try", EDITOR),
    _page("sources/<slug:name>/add/", editing.add_source, "source-add", ADMIN),
    _page("sources/<slug:name>/<number:number>/", editing.source_settings, "source-settings", ADMIN),
    _page("sources/<slug:name>/<number:number>/remove/", editing.remove_source, "source-remove", ADMIN),
    _page("sources/<slug:name>/fetch/", source_pages.fetch, "source-fetch", EDITOR),
    _page("segments/", segments.listed, "segments", ADMIN),
    _page("segments/add/", segments.edit, "segment-add", ADMIN),
    _page("segments/count/", segments.count, "segment-count", ADMIN),
    _page("segments/<number:segment>/", segments.edit, "segment", ADMIN),
    _page("segments/<number:segment>/remove/", segments.remove, "segment-remove", ADMIN),
    _page(f"{EDITION}recipients/", segments.choose, "recipients", SENDER),
    _page("jobs/<number:job>/", job_pages.job, "job", EDITOR),
    _page("jobs/<number:job>/live/", job_pages.live, "job-live", EDITOR),
    _page("jobs/<number:job>/cancel/", job_pages.cancel, "job-cancel", EDITOR),
    _page("restored/", home_views.restored, "restored", SENDER),
    _page("unsent/", unsent.unsent, "unsent", EDITOR),
    _page("unsent/retry/", unsent.retry, "unsent-retry", EDITOR),
    _page("users/", team.people, "users", ADMIN),
    _page("users/<number:user>/", team.act, "user-act", ADMIN),
    _page("log/", team.log, "log", ADMIN),
    _page("workers/", workers.workers, "workers", ADMIN),
    _page("workers/retry/", workers.retry, "workers-retry", ADMIN),
    _page("tokens/", api_access.tokens_page, "tokens", ADMIN),
    _page("tokens/<number:pk>/revoke/", api_access.revoke_token, "token-revoke", ADMIN),
    _page("webhooks/", api_access.webhooks_page, "webhooks", ADMIN),
    _page("webhooks/<number:webhook>/", api_access.webhook, "webhook", ADMIN),
    _page("webhooks/<number:webhook>/act/", api_access.change_webhook, "webhook-act", ADMIN),
]
