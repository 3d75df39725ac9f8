"""Every five minutes: whatever waits too long is asked for at the vendor and moved on."""

from __future__ import annotations

from typing import Any

from callscribe import wiring
from callscribe.handling import Context, observed
from callscribe.http import Event

# one vendor request may take its whole time-out after the last look at the clock
_RESERVE_MS = 60_000


@observed
def handler(_: Event, context: Context) -> dict[str, Any]:
    return wiring.reconcile().run(lambda: context.get_remaining_time_in_millis() > _RESERVE_MS)
