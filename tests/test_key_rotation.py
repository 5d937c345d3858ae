"""Whatever is derived from the secret key holds under a new key while the old one is in `secret_key_previous`."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

import newsletter
import subscribers
from newsletter import config
from newsletter.config import Bounces, Config
from subscribers import tokens
from tests import secret_key_cases as cases


@pytest.fixture(autouse=True)
def with_return_path(configuration: Config) -> Config:
    """The tests' configuration with a return path."""
    return config.use(replace(configuration, bounces=Bounces(return_path=cases.BARE)))


@pytest.mark.django_db
@pytest.mark.parametrize("case", cases.CASES)
@pytest.mark.parametrize("rotations", [1, 2])
def test_each_value_is_valid_under_a_new_key_while_the_old_one_is_listed(
    case: Callable[[], cases.Holds], rotations: int, settings: Settings
) -> None:
    holds = case()
    for number in range(rotations):
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        settings.SECRET_KEY = f"key number {number}, which is long enough for a key"
    assert holds()


@pytest.mark.django_db
@pytest.mark.parametrize("case", cases.CASES)
def test_each_value_depends_on_the_key(case: Callable[[], cases.Holds], settings: Settings) -> None:
    """Otherwise the test above would prove nothing."""
    holds = case()
    settings.SECRET_KEY = "a foreign key, which is long enough for a key"
    try:
        held = holds()
    except tokens.WrongSecretKey:
        held = False
    assert not held


KEYED = {
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "secret_key",
    "secret_key_previous",
    "hmac",
    "salted_hmac",
    "signing",
    "Signer",
    "TimestampSigner",
    "set_signed_cookie",
    "get_signed_cookie",
    "default_token_generator",
    "PasswordResetTokenGenerator",
    "get_session_auth_hash",
    "get_session_auth_fallback_hash",
    "keyed_hash",
    "Purpose",
}
"""Names without which nothing can be derived from the secret key."""

USES: dict[str, tuple[Callable[[], cases.Holds], ...]] = {
    "schema.Site": (cases.session,),
    "audience.message_ids": (cases.message_id_in_a_bounce, cases.message_id_beside_a_link),
    "audience.recipients": (cases.message_id_in_a_bounce,),
    "handover.WorkerConnection.send_configuration": (),  # the whole configuration, to a process of our own
    "tokens.sealed": (),  # see test_a_request_waits_through_a_change_of_the_key
    "tokens.unsealed": (),
    "unsubscription_file.WaitingUnsubscription.slot": (),
    "unsubscription_file._read": (),
    "return_path.return_path": (cases.return_path_of_a_delivery,),
    "return_path.read": (cases.return_path_of_a_delivery,),
    "return_path._keyed": (cases.return_path_of_a_delivery,),
    "webhook_secrets.valid": (cases.address_of_a_webhook,),
    "webhook_secrets._password": (cases.address_of_a_webhook,),
    "signatures.check_standard": (),  # checks the signature of a service, under its own key
    "settings": (cases.session,),
    "settings._secret_key": (cases.session,),
    "start._django": (),  # makes a key where none is given
    "create.create": (),  # puts the key itself into a backup
    "files.restore_key": (),  # takes it out of one
    "views._with_token.guarded": (),  # compares a random token of the set-up
    "server.limited.largest": (),  # as above
    "views._account_link": (cases.first_account_link,),
    "signed_post.signature": (),  # under the secret of a webhook, or alert_secret
    "body_limits._role": (cases.session_of_an_upload,),
    "blocking.export_hashes": (),  # writes hashes with the keys that made them
    "ghost.authorization": (),  # with the key of an account at Ghost, not the site's
    "recovery_codes.make": (cases.recovery_code,),
    "recovery_codes.use": (cases.recovery_code,),
    "recovery_codes._mark": (cases.recovery_code,),
    "file_import._token": (cases.step_of_an_import,),
    "file_import._opened": (cases.step_of_an_import,),
    "file_import._Upload.token": (cases.step_of_an_import,),  # as _token and _opened
    "file_import._upload": (cases.step_of_an_import,),
    "users.invitation": (cases.password_link,),
    "users.invited": (cases.password_link,),
    "users.setup_link": (cases.first_account_link,),
    "users.setup_allowed": (cases.first_account_link,),
    "transactional._confirm": (cases.confirmation,),
    "transactional._me": (cases.personal_page,),
    "transactional._change": (cases.change_of_address,),
    "delayed_confirmations.codes": (cases.code_of_a_delayed_confirmation,),
    "housekeeping.HitsManager.add": (cases.count_of_requests,),
    "housekeeping.HitsManager.values_of": (cases.count_of_requests,),
    "housekeeping.HitsManager.increment_and_count": (cases.count_of_requests,),
    "people._rehash": (cases.suppression_of_a_subscriber,),
    "people.Subscriber.hashed": (cases.suppression_of_a_subscriber,),
    "people._domain_hash": (cases.suppressed_domain,),
    "earlier_keys": (),
    "earlier_keys.EarlierKeyManager.keep": (),  # see tests/subscribers/test_earlier_keys.py
    "earlier_keys.EarlierKeyManager.known": (),
    "earlier_keys.EarlierKeyManager.learn": (),  # the key of another site, to recognize what it blocked
    "earlier_keys.EarlierKeyManager.hashes": (cases.suppressed_address, cases.suppressed_domain),
    "earlier_keys.EarlierKey.keys": (),
    "earlier_keys.EarlierKey.key": (),
    "earlier_keys._encrypt": (),
    "earlier_keys._decrypt": (),
    "block_list.BlockList.look_up": (cases.suppression_by_an_import,),
    "block_list.BlockList.block": (cases.suppression_by_an_import,),
    "block_list.BlockList.save": (cases.suppression_by_an_import,),
    "suppressions.SuppressionQuerySet.covering": (cases.erased_person, cases.change_of_address),
    "suppressions.SuppressionQuerySet.suppressed": (cases.suppressed_address, cases.suppressed_domain),
    "suppressions.SuppressionQuerySet.keep_imports_away": (cases.address_that_was_left,),
    "suppressions.SuppressionQuerySet.take_up_again": (cases.address_that_was_left,),
    "suppressions.SuppressionQuerySet._put": (cases.suppression_by_a_second_reason, cases.suppressed_domain),
    "earlier_keys.EarlierKeyManager.in_use": (cases.suppression_of_a_subscriber,),
    "suppressions.SuppressionQuerySet.rekey": (cases.suppression_of_a_subscriber,),
    "preferences.profile_of": (cases.personal_page,),
    "preferences.address_change_of": (cases.change_of_address,),
    "erasure.forget": (cases.counts_of_an_erased_person,),
    "signup.consent_of": (cases.confirmation,),
    "restore.has_key_of": (cases.key_of_a_backup,),
    "tokens.secrets": cases.CASES,
    "tokens.keys": (cases.solved_challenge,),
    "challenges.create": (cases.solved_challenge,),
    "challenges.read": (cases.solved_challenge,),
    "tokens._check_present_key": (cases.key_of_the_database,),
    "tokens.key": (cases.suppressed_address,),
    "tokens._key": cases.CASES,
    "tokens._keyed": cases.CASES,
    "tokens._mac": cases.CASES,
    "tokens.link_tokens": (cases.link, cases.mailto_unsubscribe),
    "tokens.link_tokens.token": (cases.link, cases.mailto_unsubscribe),
    "tokens.read_link": (cases.link, cases.link_of_a_test_email, cases.mailto_unsubscribe),
    "tokens.timed_token": (cases.confirmation, cases.personal_page, cases.change_of_address),
    "tokens.read_timed": (cases.confirmation, cases.personal_page, cases.change_of_address),
    "tokens._opened": (cases.link, cases.confirmation, cases.personal_page, cases.change_of_address),
    "tokens.keyed_hash": (cases.suppressed_address, cases.count_of_requests),
    "tokens.hash_keys": (),  # all keys that hashes are made with, for a file of suppressions
    "tokens.hash_with": (),
    "tokens.hashes": (cases.suppressed_address, cases.count_of_requests, cases.code_of_a_delayed_confirmation),
    "tokens.fingerprint": (cases.key_of_the_database,),
    "subscribe_page.confirm": (cases.change_of_address,),
}
"""Every function that uses one of those names, after its module, and the cases that check what it makes or reads."""


def _uses(node: ast.AST, place: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _uses(child, f"{place}.{child.name}")
            continue
        if _is_keyed(child):
            yield place
        yield from _uses(child, place)


def _is_keyed(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _name(node.func) == "secrets"  # of subscribers.tokens; the standard library's is a module
    return _name(node) in KEYED


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _all_uses() -> Iterator[str]:
    for package in (newsletter, subscribers):
        root = Path(package.__file__ or "").parent
        for path in root.rglob("*.py"):
            if path.relative_to(root).parts[0] != "delivery":  # knows no Django, and so no secret key
                yield from _uses(ast.parse(path.read_text(encoding="utf-8")), path.stem)


def test_every_use_of_the_secret_key_has_a_case() -> None:
    """Something new that is derived from the key needs a case above, and an entry in USES."""
    assert set(_all_uses()) == set(USES)
    assert {case for each in USES.values() for case in each} <= set(cases.CASES)


def test_a_new_use_of_the_secret_key_is_found() -> None:
    source = "class Ticket:\n    def make(self):\n        return hmac.digest(settings.SECRET_KEY, b'', 'sha256')\n"
    assert set(_uses(ast.parse(source), "tickets")) == {"tickets.Ticket.make"}
