"""The archive's addresses (docs: contract of addresses); what a period may look like stands here."""

from django.urls import path, register_converter

from newsletter.web.archive import views


class Period:
    """`2026-W06`, `2026-02-06` or `2026-02`, and `.2` for a second one."""

    regex = r"\d{4}-(?:W\d{2}|\d{2}(?:-\d{2})?)(?:\.\d{1,4})?"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


register_converter(Period, "period")

urlpatterns = [
    path("", views.newsletters, name="newsletters"),
    path("n/<slug:name>/", views.archive, name="archive"),
    path("n/<slug:name>/feed.atom", views.feed, name="feed"),
    path("n/<slug:name>/<period:period>/", views.edition, name="archived-edition"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]
