"""Every five minutes: whatever waits too long, or only a vendor knows of, is moved on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from callscribe.api.entrypoints import Context, observed
from callscribe.api.http import Event
from callscribe.bootstrap import wiring

# one vendor request may take its whole time-out after the last look at the clock
_RESERVE_SECONDS = 60


@observed
def handler(_: Event, context: Context) -> dict[str, Any]:
    result = wiring.reconcile().run(
        context.aws_request_id,
        lambda: context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS,
    )
    return asdict(result)
