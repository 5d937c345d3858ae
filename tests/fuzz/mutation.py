"""Inputs for a parser: samples, mutated at random."""

from collections.abc import Sequence
from random import Random

LARGEST = 400_000
_MUTATIONS = (1, 2, 4, 8, 30)
_SPANS = (0, 1, 3, 20, 500)


class Mutator:
    """Makes inputs from samples and from tokens that mean something in their format. The seed decides which."""

    def __init__(self, samples: Sequence[bytes], tokens: Sequence[bytes], seed: int) -> None:
        self._samples, self._tokens = samples, tokens
        self._random = Random(seed)

    def next(self) -> bytes:
        """Return another input, of at most `LARGEST` octets."""
        data = bytearray(self._random.choice(self._samples))
        for _ in range(self._random.choice(_MUTATIONS)):
            self._mutate(data)
        return bytes(data[:LARGEST])

    def _mutate(self, data: bytearray) -> None:
        random = self._random
        start = random.randint(0, len(data))
        end = min(len(data), start + random.choice(_SPANS))
        kind = random.random()
        if kind < 0.45:
            data[start:end] = random.choice(self._tokens) * self._times()
        elif kind < 0.6:
            del data[start:end]
        elif kind < 0.7:
            data[start:start] = data[start:end] * random.choice((2, 5, 50))
        elif kind < 0.8:
            other = random.choice(self._samples)
            at = random.randint(0, len(other))
            data[start:end] = other[at : at + random.choice((10, 200, 5_000))]
        elif kind < 0.95 and data:
            for _ in range(random.choice((1, 5, 20))):
                data[random.randrange(len(data))] = random.randrange(256)
        else:
            del data[start:]

    def _times(self) -> int:
        return self._random.choice((2, 10, 200)) if self._random.random() < 0.1 else 1
