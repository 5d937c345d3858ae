"""How many examples a property test tries."""

import os


def examples(count: int) -> int:
    """Return so many, or a quarter on PostgreSQL: there the property holds if the statements mean the same."""
    return count // 4 if os.environ.get("NEWSLETTER_TEST_DATABASE") else count
