"""A site's own fields of every kind, for tests: declared in the configuration in force, with a value of each."""

from dataclasses import replace

from newsletter import config
from newsletter.config import Config, OwnField

FIELDS = {
    "town": OwnField(label="Town", labels={"nb": "Sted"}, purpose="Meetings near you"),
    "shoe-size": OwnField(label="Shoe size", kind="number"),
    "born": OwnField(label="Born", kind="date"),
    "member": OwnField(label="Member", kind="yes-no"),
    "level": OwnField(label="Level", kind="choice", choices=("new", "Old hand"), changed_by=("editor",)),
}
VALUES = {"town": "Oslo", "shoe-size": "42.5", "born": "1950-02-06", "member": "yes", "level": "Old hand"}


def declare(**fields: OwnField) -> Config:
    """Put the configuration in force with these fields, by default those of every kind."""
    return config.use(replace(config.current(), fields=fields or FIELDS))
