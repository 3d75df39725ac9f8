"""The kill switch: one item that stops all dialing at once."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.request_fields import read_object

_MAX_REASON_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """Whether dialing is stopped, why, since when and by whom; None where it was never switched."""

    stopped: bool = False
    reason: str | None = None
    changed_at: str | None = None
    changed_by: str | None = None


def read_switch_request(body: object) -> tuple[bool, str]:
    """``stopped`` and ``reason`` of ``PUT /dialing``.

    Raises:
        InvalidInputError: with every mistake at once.
    """
    example = '{"stopped": true, "reason": "a leaked key"}'
    request, errors = read_object(body, ("stopped", "reason"), example=example)
    stopped, reason = request.get("stopped"), request.get("reason")
    if not isinstance(stopped, bool):
        errors.append(FieldError("stopped", "must be true or false"))
    if not isinstance(reason, str) or not 1 <= len(reason.strip()) <= _MAX_REASON_CHARACTERS:
        message = f"must say why, in 1 to {_MAX_REASON_CHARACTERS} characters"
        errors.append(FieldError("reason", message))
    if errors:
        raise InvalidInputError(errors)
    return bool(stopped), str(reason)
