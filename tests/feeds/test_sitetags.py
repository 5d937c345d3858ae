"""Shortcodes, Liquid tags and footnotes in Markdown files."""

import pytest

from newsletter.feeds.sources.sitetags import without_site_tags


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Plain [^a-z] text, {{ not ours }}.", "Plain [^a-z] text, {{ not ours }}."),
        ("{% raw %}{{ x }} {% if y %}{% endraw %}", "{{ x }} {% if y %}"),
        ("{{</* youtube x */>}}", "{{< youtube x >}}"),
        ("![x]({{ site.baseurl }}/a.png)", "![x](/a.png)"),
        ("{% highlight ruby linenos %}\nputs 1\n{% endhighlight %}\n", "```ruby\nputs 1\n```\n\n"),
        ("One[^1].\n\n[^1]: Note.\n", "One\\[1\\].\n\n\n\\[1\\] Note.\n"),
    ],
)
def test_tags_that_any_reader_can_show_are_kept(text: str, read: str) -> None:
    assert without_site_tags(text) == (read, False)


@pytest.mark.parametrize(
    "tag", ["{{< youtube x >}}", "{{% note %}}", "{% include a.html %}", "{% link\n_posts/x.md %}"]
)
def test_tags_that_only_the_site_can_render_are_removed_and_reported(tag: str) -> None:
    assert without_site_tags(f"a{tag}b") == ("ab", True)
