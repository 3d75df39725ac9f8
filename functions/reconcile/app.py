"""Every five minutes: whatever waits too long, or only a vendor knows of, is advanced."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from callscribe.api.entrypoints import Context, LambdaHandler
from callscribe.api.http import Event
from callscribe.bootstrap.application import Application, process_application

# one vendor request may take its whole time-out after the last look at the clock
_RESERVE_SECONDS = 60


def reconcile(app: Application, _: Event, context: Context) -> dict[str, Any]:
    result = app.reconcile.run(
        context.aws_request_id,
        lambda: context.get_remaining_time_in_millis() / 1000 - _RESERVE_SECONDS,
    )
    return asdict(result)


handler = LambdaHandler(reconcile, process_application)
