"""How long things are kept: what goes away with the table's TTL, and when.

A call and all its recordings go together, ``RetentionDays`` after the last thing that was to happen to
the call: after ``place_at`` where it was scheduled, else after it was asked for or adopted. An object in
the bucket goes the same time after it was made (S3's lifecycle), which is later than that, so that no
item ever names an object that is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_MAX_LEAD = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Retention:
    """``RetentionDays`` of the template."""

    days: int

    @property
    def max_lead(self) -> timedelta:
        """How far ahead a call may be scheduled."""
        return min(timedelta(days=self.days), _MAX_LEAD)

    def expires_at(self, last: datetime) -> int:
        """Epoch seconds, as DynamoDB's TTL wants them. ``last``: when the last thing was to happen."""
        return int((last + timedelta(days=self.days)).timestamp())
