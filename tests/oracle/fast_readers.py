"""What readers do to a newsletter in this process: they subscribe, leave, choose, and are imported."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from newsletter import config
from newsletter.config import Config
from subscribers import admin_actions, erasure, preferences, signup
from subscribers.addresses import read_address
from subscribers.importing import import_file, undo_import
from subscribers.models import Consent, Import, Subscription
from subscribers.tokens import Purpose, timed_token
from tests.oracle.blog import Settings
from tests.oracle.site import OracleSite

NAME = "kinaforum"
WITHOUT_END = date(9000, 1, 1)


class FastReaders(OracleSite):
    """The readers of a newsletter in this process."""

    def __init__(self, start: datetime, settings: Settings) -> None:
        super().__init__(start, settings)
        self._moves: dict[str, int] = {}

    @property
    def configuration(self) -> Config:
        """What is in force."""
        return config.current()

    def _subscribe(self, reader: str, cadence: str, topics: Sequence[str]) -> tuple[str, frozenset[str]]:
        """An admin adds the address, and its owner confirms."""
        address = self._address(reader)
        admin_actions.add(address, NAME, confirm_by_mail=True, cadence=cadence, topics=topics)
        asked = Consent.objects.filter(subscription__subscriber__key=address, confirmed_at=None).latest("pk")
        signup.confirm(self.configuration, timed_token(Purpose.CONFIRM, asked.pk, 3_600), self.now)
        subscription = self._tie(reader)
        return subscription.cadence, frozenset(filter(None, subscription.topics.split(",")))

    def _import(self, lines: Sequence[tuple[str, str]], *, undo: bool) -> bool:
        with NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("email,status\n" + "".join(f"{name}@reader.example,{state}\n" for name, state in lines))
            file.flush()
            import_file(Path(file.name), NAME, consent="another tool", at=self.now)
        if undo:
            undo_import(Import.objects.latest("pk"), self.now)
        return True

    def _tie(self, reader: str) -> Subscription:
        return Subscription.objects.get(subscriber__key=self._address(reader))

    def _address(self, reader: str) -> str:
        moves = self._moves.get(reader)
        return f"{reader}+{moves}@reader.example" if moves else f"{reader}@reader.example"

    def change_address(self, reader: str) -> bool:
        subscriber = self._tie(reader).subscriber
        self._moves[reader] = self._moves.get(reader, 0) + 1
        preferences.move(subscriber, self._address(reader), self.now)
        return True

    def _forget(self, reader: str) -> bool:
        return erasure.forget(read_address(self._address(reader)))

    def _unsubscribe(self, reader: str) -> None:
        preferences.unsubscribe(self._tie(reader).pk, self.now)

    def _set_pause(self, reader: str, *, on: bool) -> bool:
        preferences.pause(self._tie(reader), WITHOUT_END if on else None)
        return True

    def _choose(self, reader: str, cadence: str, topics: Sequence[str] | None) -> None:
        if topics is not None:
            preferences.choose_topics(self._tie(reader), topics, self.now)
        else:
            preferences.choose_cadence(self._tie(reader), cadence)
