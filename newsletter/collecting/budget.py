"""Limits on what one call may fetch in all."""

import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Budget:
    """Octets that are left, and when the time is over (`time.monotonic`). Threads may share it."""

    ends_at: float
    bytes_left: int
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, count: int) -> None:
        """Take octets away."""
        with self._lock:
            self.bytes_left -= count

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be fetched."""
        return self.bytes_left <= 0 or time.monotonic() >= self.ends_at
