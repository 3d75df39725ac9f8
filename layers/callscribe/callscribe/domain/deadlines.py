"""How long each state may wait for news before ``reconcile`` asks for it. Each with its reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from callscribe.domain.times import to_text

CALL = {
    # our own function runs 30 s at most: after two minutes it has died between claim and answer
    "placing": timedelta(minutes=2),
    # Twilio's list of calls is eventually consistent: give it and the callbacks a moment
    "unknown": timedelta(minutes=2),
    # one call a second by default: Twilio queues the rest, up to 24 hours
    "queued": timedelta(hours=1),
    "initiated": timedelta(minutes=15),
    # Twilio lets a phone ring 600 s at most
    "ringing": timedelta(minutes=15),
    # Twilio ends a call after four hours
    "in-progress": timedelta(hours=4, minutes=15),
    # a schedule that did not fire
    "scheduled": timedelta(minutes=5),
    # recordings are ready within minutes of the end; a lost callback is looked for after that
    "completed": timedelta(minutes=10),
}
RECORDING = {
    # the worker may run 15 minutes; before that nobody else may start the same copy
    "received": timedelta(minutes=20),
    "stored": timedelta(minutes=20),
    "submitting": timedelta(minutes=5),
    # AssemblyAI gives up its webhook after about three minutes; most jobs take under one
    "submitted": timedelta(minutes=10),
    # an event that was not sent
    "announce": timedelta(minutes=2),
}
# AssemblyAI queues what is over an account's concurrency, so a long wait is no failure yet
GIVE_UP_ON_TRANSCRIPT = timedelta(hours=48)
# shards of the index: one partition takes 1,000 writes a second
DEADLINE_SHARDS = 4
DAY_SHARDS = 4


def due(now: datetime, wait: timedelta, attempts: int = 0) -> str:
    """When to look: later each time that nothing was found, two hours apart at most."""
    return to_text(now + min(wait * 2**attempts, max(wait, timedelta(hours=2))))


def shard_of(call_id: str, shards: int) -> int:
    """Which shard a call's items live in: the same for the call and its recordings."""
    return int(call_id[:8], 16) % shards


def waiting_shard(call_id: str) -> str:
    """The partition of ``by_deadline`` for this call's items."""
    return f"waiting#{shard_of(call_id, DEADLINE_SHARDS)}"
