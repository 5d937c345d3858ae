"""Fuzzing of everything that parses foreign input.

`python -m tests.fuzz` tries mutated inputs for as long as it is told to; `test_fuzz.py` tries a few with each run of
the tests. Requests to pages are fuzzed by `tests/web/test_parameters.py`, and what an SMTP server says to a connection
by `tests/delivery/test_pairing.py`.
"""
