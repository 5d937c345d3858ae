"""The addresses of readers' own pages."""

urlpatterns: list[object] = []
