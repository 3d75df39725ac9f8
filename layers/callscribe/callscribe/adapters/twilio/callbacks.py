"""What Twilio posts: verified, then read in our words.

A callback is never lost to a value that cannot be read, such as a date: it counts as absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from callscribe.adapters.twilio.errors import explain_absence
from callscribe.adapters.twilio.resources import call_state, recording_state
from callscribe.adapters.twilio.signature import SIGNATURE_HEADER, is_signed_by_twilio
from callscribe.domain.calls import CALL_ID, CALL_SID
from callscribe.domain.errors import FieldError, InvalidInputError, UnauthenticatedError
from callscribe.domain.recordings import RECORDING_SID
from callscribe.domain.times import format_timestamp
from callscribe.domain.whole_numbers import read_whole_number
from callscribe.ports.callbacks import CallbackRequest
from callscribe.ports.secrets import SecretReader
from callscribe.ports.telephony import CallStatusUpdate, RecordingStatusUpdate

Form = Mapping[str, str]

# Twilio retries once, and only a failed connection, unless the URL's fragment says otherwise: up to
# five times (rc) on anything (rp=all) within its 15 seconds. It does not sign the fragment.
_RETRIES = "#rc=5&rp=all"
_RECORDED = re.compile(r"/twiml/([0-9a-f]{32})/recorded(?:#|$)")


def retried(url: str) -> str:
    """The URL of a callback as Twilio is given it: with all the retries that there are."""
    return url + _RETRIES


class TwilioCallbacks:
    """Checks the signature of callbacks; before a refusal the token is read anew once."""

    def __init__(
        self,
        secrets: SecretReader,
        *,
        account_sid: str,
        public_base_url: str,
        auth_token_name: str,
    ) -> None:
        self._secrets = secrets
        self._account_sid = account_sid
        self._public_base_url = public_base_url
        self._auth_token_name = auth_token_name

    def form(self, request: CallbackRequest) -> Form:
        """The form of a callback that Twilio signed, for our account.

        Raises:
            UnauthenticatedError: not signed, or not by this account's token.
            SecretMissingError: no token is stored: nothing is let in.
        """
        if not (self._signed(request, fresh=False) or self._signed(request, fresh=True)):
            raise UnauthenticatedError("X-Twilio-Signature does not hold")
        form = request.form
        if form.get("AccountSid") != self._account_sid:
            raise UnauthenticatedError("the callback is of another account")
        return form

    def _signed(self, request: CallbackRequest, *, fresh: bool) -> bool:
        secret = self._secrets.read(self._auth_token_name, fresh=fresh)
        # during a rotation both tokens are good
        tokens = [secret[name] for name in ("auth_token", "next_auth_token") if secret.get(name)]
        return any(
            is_signed_by_twilio(
                url=url,
                body=request.body,
                content_type=request.headers.get("content-type", ""),
                signature=request.headers.get(SIGNATURE_HEADER),
                auth_tokens=tokens,
            )
            for url in request.urls(self._public_base_url)
        )


def read_call_status(form: Form) -> CallStatusUpdate:
    """A voice request or a status callback."""
    return CallStatusUpdate(
        call_sid=form.get("CallSid", ""),
        status=call_state(form.get("CallStatus", "")),
        at=_time(form.get("Timestamp")),
        duration_seconds=_number(form.get("CallDuration")),
        answered_by=form.get("AnsweredBy") or None,
        to_number=form.get("To") or None,
        from_number=form.get("From") or None,
        direction=form.get("Direction") or None,
    )


def read_recording_status(
    form: Form, *, call_id: str | None, base_url: str
) -> RecordingStatusUpdate:
    """A recording status callback; ``call_id`` and ``base_url`` are of the URL that it came to.

    Raises:
        InvalidInputError: it does not say which recording of which call.
    """
    call_sid = form.get("CallSid") or None
    _check_names(form.get("RecordingSid", ""), call_sid, call_id)
    return RecordingStatusUpdate(
        recording_sid=form["RecordingSid"],
        call_sid=call_sid,
        call_id=call_id,
        status=recording_state(form.get("RecordingStatus", "completed")),
        channels=_number(form.get("RecordingChannels")),
        duration_seconds=_number(form.get("RecordingDuration")),
        started_at=_time(form.get("RecordingStartTime")),
        source=form.get("RecordingSource"),
        failure=explain_absence(_number(form.get("ErrorCode"))),
        base_url=base_url,
    )


def pressed_key(form: Form) -> str:
    """The answer to a ``Gather``; empty where no key was pressed."""
    return form.get("Digits", "")


def recorded_call_id(form: Form) -> str | None:
    """The call whose message was left already, where Twilio falls back on the beginning of a script.

    It does so because the script's end could not be had: ``ErrorUrl`` is the URL that failed.
    """
    failed = _RECORDED.search(form.get("ErrorUrl", ""))
    return failed[1] if failed else None


def _check_names(recording_sid: str, call_sid: str | None, call_id: str | None) -> None:
    errors = []
    if not RECORDING_SID.fullmatch(recording_sid):
        errors.append(FieldError("RecordingSid", "must be RE and 32 hexadecimal digits"))
    if call_sid is not None and not CALL_SID.fullmatch(call_sid):
        errors.append(FieldError("CallSid", "must be CA and 32 hexadecimal digits"))
    if call_id is None and call_sid is None:
        errors.append(FieldError("CallSid", "is missing"))
    if call_id is not None and not CALL_ID.fullmatch(call_id):
        errors.append(FieldError("call_id", "must be 32 hexadecimal digits"))
    if errors:
        raise InvalidInputError(errors)


def _number(text: str | None) -> int | None:
    return read_whole_number(text or "")


def _time(text: str | None) -> str | None:
    """``Fri, 20 Nov 2026 12:00:01 +0000`` (RFC 2822) in our form."""
    if not text:
        return None
    try:
        return format_timestamp(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None
