"""The demo's folder: made once, used again, and never another newsletter's."""

from pathlib import Path

import pytest

from newsletter.config import ConfigError
from newsletter.demo.place import NAME, place
from newsletter.demo.serving import DemoProblem


def test_a_new_folder_gets_a_configuration_that_works(tmp_path: Path) -> None:
    with place(tmp_path / "new") as found:
        assert found.newsletter.title == "Østbrevet"
        assert found.kept
        assert len({found.blog_port, found.mailbox_port, found.configuration.web.port}) == 3
        assert found.configuration.site.url == f"http://127.0.0.1:{found.configuration.web.port}"


def test_a_folder_is_used_again_with_its_ports(tmp_path: Path) -> None:
    with place(tmp_path) as first, place(tmp_path) as second:
        assert first == second


def test_without_a_folder_nothing_is_left() -> None:
    with place(None) as found:
        folder = found.folder
        assert not found.kept
        assert (folder / "config.toml").exists()
    assert not folder.exists()


def test_changes_in_the_demo_folder_are_kept(tmp_path: Path) -> None:
    with place(tmp_path):
        pass
    file = tmp_path / "config.toml"
    file.write_text(file.read_text("utf-8").replace('"full"', '"excerpt"'), "utf-8")
    with place(tmp_path) as found:
        assert found.newsletter.body == "excerpt"


def test_a_wrong_change_is_told_by_its_key(tmp_path: Path) -> None:
    with place(tmp_path):
        pass
    file = tmp_path / "config.toml"
    file.write_text(file.read_text("utf-8").replace("Europe/Oslo", "Europe/Olso"), "utf-8")
    with pytest.raises(ConfigError, match=f"newsletters.{NAME}.timezone"), place(tmp_path):
        pass


def test_another_newsletter_is_left_alone(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "config.toml").read_text("utf-8")
    (tmp_path / "config.toml").write_text(text, "utf-8")
    with pytest.raises(DemoProblem, match="give --dir a folder that is empty"), place(tmp_path):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["config.toml"]


def test_the_environment_of_other_newsletters_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER__SITE__DATABASE", "postgresql://localhost/other")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")
    with place(tmp_path) as found:
        assert found.configuration.site.database == "sqlite:///newsletter.db"
