"""The base of what jobs raise when they can't do what was asked."""


class JobProblem(Exception):
    """The message is one sentence for a person: what, where, and what to do."""

    is_a_sentence = True
