"""Where a recording lies on the clock of its call."""

from __future__ import annotations

from datetime import timedelta

from callscribe.domain.calls import Call
from callscribe.domain.recordings import Recording
from callscribe.domain.times import parse_timestamp


def offset_ms(call: Call, recording: Recording, first: Recording) -> int:
    """Where a recording begins on the call's clock, which starts when the call is answered.

    Where no callback told when that was, it is the call's end less its duration, else the begin of
    its first recording.
    """
    begins = parse_timestamp(recording.started_at or recording.created_at)
    if call.answered_at:
        answered = parse_timestamp(call.answered_at)
    elif call.ended_at and call.duration_seconds:
        answered = parse_timestamp(call.ended_at) - timedelta(seconds=call.duration_seconds)
    else:
        answered = parse_timestamp(first.started_at or first.created_at)
    return max(0, int((begins - answered) / timedelta(milliseconds=1)))
