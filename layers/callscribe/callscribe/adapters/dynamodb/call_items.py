"""How a call and a recording stand in the table: attributes, keys, and the indexes' partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from callscribe.domain import deadlines
from callscribe.domain.calls import ENDED_STATUSES, Call, CallState
from callscribe.domain.differences import field_names, news, to_write
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.transcript_status import outcome_of
from callscribe.ports.storage import Entry

CALL = "CALL"
RECORDING = "RECORDING#"
# of a call's item, an attribute for each recording: several are written at once, none of them read before
OUTCOME = "outcome_"
# the attributes whose names are not the fields': tables that exist have them
_ATTRIBUTES = {"event_pending": "announce"}


_CALL_FIELDS = frozenset(each.name for each in fields(Call))
_RECORDING_FIELDS = frozenset(each.name for each in fields(Recording))


def to_attributes(entry: Call | Recording) -> dict[str, Any]:
    """All attributes by name, those of the sparse indexes included; None: there is none."""
    values = {_ATTRIBUTES.get(name, name): getattr(entry, name) for name in field_names(entry)}
    # the sparse indexes' partitions: present exactly while there is a deadline, or a failure
    values["waiting_for"] = _waiting_for(entry.call_id) if entry.due_at else None
    if isinstance(entry, Recording):
        values["failed_on"] = _failed_on(entry.call_id) if entry.failed_at else None
        return values | {"item": RECORDING + entry.recording_sid}
    outcomes = {OUTCOME + sid: outcome for sid, outcome in values.pop("outcomes").items()}
    shard = deadlines.shard_of(entry.call_id, deadlines.DAY_SHARDS)
    keys = {
        "item": CALL,
        "day": f"{entry.created_at[:10]}#{shard}",
        # of the person at the other end
        "phone_number": entry.phone_number,
        # present exactly once it has ended: only then is it in the feed of changes
        "ended_in": f"ended#{shard}" if entry.status in ENDED_STATUSES else None,
        # present exactly while it is to be placed
        "scheduled_in": f"scheduled#{shard}" if entry.status == CallState.SCHEDULED else None,
    }
    return values | outcomes | keys


def differing_attributes(before: Entry, after: Entry) -> dict[str, Any]:
    """What is to be written; None: to be removed."""
    known, wanted = to_attributes(before), to_attributes(after)
    names = {_ATTRIBUTES.get(name, name) for name in to_write(before, after) - {"outcomes"}}
    names |= {name for name in wanted if wanted[name] != known.get(name)}
    return {name: wanted[name] for name in sorted(names)}


def moves_call(before: Recording | None, after: Recording) -> bool:
    """Whether a recording's write is one that a reader of its call sees."""
    return before is None or bool(news(before, after))


def changes_of_call(recording: Recording) -> dict[str, Any]:
    """What a recording's write writes to its call's item."""
    outcome = outcome_of(recording)
    return {"updated_at": recording.updated_at, OUTCOME + recording.recording_sid: outcome}


def to_call(item: Mapping[str, Any]) -> Call:
    """A ``CALL`` item, as JSON values; attributes that are no field of a call are left out."""
    values = {name: value for name, value in item.items() if name in _CALL_FIELDS}
    outcomes = {
        n.removeprefix(OUTCOME): value for n, value in item.items() if n.startswith(OUTCOME)
    }
    return Call(**values | {"status": CallState(item["status"]), "outcomes": outcomes})


def to_recording(item: Mapping[str, Any]) -> Recording:
    """A ``RECORDING#…`` item, as JSON values; attributes that are no field of it are left out."""
    values = {name: item.get(_ATTRIBUTES.get(name, name)) for name in _RECORDING_FIELDS}
    told = {name: value for name, value in values.items() if value is not None}
    return Recording(**told | {"status": RecordingState(item["status"])})


def _waiting_for(call_id: str) -> str:
    """The partition of ``by_deadline``."""
    return f"waiting#{deadlines.shard_of(call_id, deadlines.DEADLINE_SHARDS)}"


def _failed_on(call_id: str) -> str:
    """The partition of ``by_failure``."""
    return f"failed#{deadlines.shard_of(call_id, deadlines.DEADLINE_SHARDS)}"
