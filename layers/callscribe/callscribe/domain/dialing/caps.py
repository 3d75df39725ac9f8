"""How many calls may be placed in a day, and how many may be in progress at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callscribe.domain.calls import Call
from callscribe.domain.deadlines import shard_of
from callscribe.domain.dialing.rules import DialingRules
from callscribe.domain.failures import Failure

# 64 of them are below 4 KB: a write costs what the whole item weighs
_SLOTS_PER_SHARD = 64


@dataclass(frozen=True, slots=True)
class DailyCap:
    """A counter of a day (UTC) and its limit; ``what`` it counts, in words."""

    counter: str
    limit: int
    what: str

    def reached(self, day: str | None) -> Failure:
        """``day`` None: today."""
        message = (
            f"{self.limit} {self.what} a day (UTC) are the cap of this stack, and it is reached"
        )
        return Failure("cap_reached", message + (f" for {day}" if day else ""), retryable=True)


@dataclass(frozen=True, slots=True)
class SlotShard:
    """A set of calls in progress, with room for so many."""

    number: int
    room: int


def daily_caps(call: Call, rules: DialingRules) -> tuple[DailyCap, ...]:
    """The caps that a call counts against."""
    return (
        DailyCap(f"to#{call.to_number}", rules.max_calls_per_destination, "calls to this number"),
        DailyCap(f"by#{call.asked_by}", rules.max_calls_per_caller, "calls by this caller"),
        DailyCap("all", rules.max_calls_per_day, "calls"),
    )


def slot_shards(call_id: str, limit: int) -> list[SlotShard]:
    """Every shard, the call's own first; together they have room for ``limit`` calls."""
    count = -(-limit // _SLOTS_PER_SHARD)
    own = shard_of(call_id, count)
    numbers = [(own + step) % count for step in range(count)]
    return [SlotShard(n, limit * (n + 1) // count - limit * n // count) for n in numbers]


def slots_taken(limit: int) -> Failure:
    """The refusal of a call for which no slot is free."""
    message = f"{limit} calls at once are the cap of this stack, and it is reached"
    return Failure("too_many_calls", message, retryable=True)


def seconds_to_midnight(now: datetime) -> int:
    """Until the next day (UTC), when the caps count anew."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today + timedelta(days=1) - now).total_seconds()) + 1
