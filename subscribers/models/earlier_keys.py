"""Keeps what is needed to recognize blocked and erased addresses under earlier secret keys.

A blocked address is stored as a keyed hash only, so its hash can't be computed anew when the secret key changes. The
keys of these hashes are therefore stored, encrypted with the present secret key: an earlier secret key itself, which
signs links and sessions, is not needed for them and can be dropped. Neither the database nor the key alone gives
anything away.
"""

import os
from collections.abc import Mapping
from functools import lru_cache

from django.db import models

from subscribers import tokens
from subscribers.tokens import Purpose

PURPOSES = (Purpose.ADDRESS, Purpose.DOMAIN)
NONCE, KEY = 12, 32  # octets


class EarlierKeyManager(models.Manager["EarlierKey"]):
    """Stores the keys of hashes made under earlier secret keys, and finds hashes with them."""

    def keep(self) -> None:
        """Store the keys of each previous secret key, and encrypt all with the present one; called at every start.

        A row that was encrypted with a key which is not listed is left as it is.
        """
        present = tokens.fingerprint()
        rows = {row.fingerprint: row for row in self.all()}
        for secret in tokens.secrets()[1:]:
            if (name := tokens.fingerprint(secret)) not in rows:
                keys = tokens.hash_keys(secret)
                self.get_or_create(fingerprint=name, defaults={"encrypted": _encrypt(name, keys), "under": present})
        for name, row in rows.items():
            if row.under != present and (keys := row.keys()):
                self.filter(pk=name).update(encrypted=_encrypt(name, keys), under=present)

    def learn(self, keys: Mapping[str, bytes]) -> None:
        """Store the keys of another site's hashes, by the fingerprint of its secret key."""
        own_names = set(map(tokens.fingerprint, tokens.secrets()))
        for name, key in keys.items():
            if name not in own_names:
                defaults = {"encrypted": _encrypt(name, key), "under": tokens.fingerprint()}
                self.get_or_create(fingerprint=name, defaults=defaults)

    def in_use(self) -> bool:
        """Return whether hashes may have been made with an earlier secret key."""
        return len(tokens.secrets()) > 1 or self.exists()

    def known(self) -> set[str]:
        """Return the fingerprints of the secret keys whose hashes can be recognized."""
        return set(map(tokens.fingerprint, tokens.secrets())) | {row.fingerprint for row in self.all() if row.keys()}

    def hashes(self, *texts: tuple[Purpose, str]) -> list[list[str]]:
        """Return the hashes of each address or domain, with the present key first, then with each earlier one."""
        rows = list(self.all())
        keys = {purpose: [key for row in rows if (key := row.key(purpose))] for purpose in PURPOSES}
        return [
            tokens.hashes(purpose, text) + [tokens.hash_with(key, text) for key in keys[purpose]]
            for purpose, text in texts
        ]


class EarlierKey(models.Model):
    """The keys of the hashes of addresses and domains under an earlier secret key, encrypted."""

    fingerprint = models.CharField(max_length=32, primary_key=True, help_text="of the earlier secret key")
    encrypted = models.BinaryField(help_text="nonce and AES-GCM ciphertext of the two keys")
    under = models.CharField(max_length=32, help_text="the fingerprint of the secret key that encrypts them")

    objects = EarlierKeyManager()

    def __str__(self) -> str:
        return self.fingerprint

    def keys(self) -> bytes:
        """Return the two keys, one after the other; empty if the secret key that encrypts them is not listed."""
        secret = next(
            (listed_secret for listed_secret in tokens.secrets() if tokens.fingerprint(listed_secret) == self.under),
            None,
        )
        return _decrypt(self.fingerprint, bytes(self.encrypted), secret) if secret else b""

    def key(self, purpose: Purpose) -> bytes:
        """Return the key for hashes of a purpose; empty if it can't be read."""
        start = PURPOSES.index(purpose) * KEY
        return self.keys()[start : start + KEY]


def _encrypt(fingerprint: str, keys: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # takes memory that few processes need

    nonce = os.urandom(NONCE)
    return nonce + AESGCM(tokens.key(Purpose.EARLIER_KEY)).encrypt(nonce, keys, fingerprint.encode())


@lru_cache(maxsize=32)
def _decrypt(fingerprint: str, encrypted: bytes, secret: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher = AESGCM(tokens.key(Purpose.EARLIER_KEY, secret))
    return cipher.decrypt(encrypted[:NONCE], encrypted[NONCE:], fingerprint.encode())
