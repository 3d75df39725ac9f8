"""How long things are kept: what goes away with the table's TTL, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """``RetentionDays`` of the template."""

    days: int

    def expires_at(self, last: datetime) -> int:
        """Epoch seconds, as DynamoDB's TTL wants them. ``last``: when the last thing was to happen."""
        return int((last + timedelta(days=self.days)).timestamp())
