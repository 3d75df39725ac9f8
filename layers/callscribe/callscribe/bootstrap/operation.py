"""The use cases behind the API of operators and applications: reading, retrying, erasing, sharing."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from callscribe.bootstrap.foundation import Foundation

if TYPE_CHECKING:
    from callscribe.use_cases.follow_changes import FollowChanges
    from callscribe.use_cases.import_recordings import ImportRecordings
    from callscribe.use_cases.manage_dialing import ManageDialing
    from callscribe.use_cases.read_calls import ReadCalls
    from callscribe.use_cases.read_share import ReadShare
    from callscribe.use_cases.redrive import Redrive
    from callscribe.use_cases.request_erasure import RequestErasure
    from callscribe.use_cases.scheduled_calls import ScheduledCalls
    from callscribe.use_cases.share_call import ShareCall

# Imports inside functions: a cold start pays for no use case but its own
# ruff: noqa: PLC0415


class Operation(Foundation):
    """Each is made when a handler first asks for it."""

    @cached_property
    def manage_dialing(self) -> ManageDialing:
        from callscribe.use_cases.manage_dialing import ManageDialing

        return ManageDialing(
            store=self.gateways.store, telemetry=self.telemetry, clock=self.gateways.clock
        )

    @cached_property
    def read_calls(self) -> ReadCalls:
        from callscribe.use_cases.read_calls import ReadCalls

        return ReadCalls(
            store=self.gateways.store,
            documents=self.gateways.documents,
            read_transcript=self.gateways.read_transcript,
            links=self.gateways.documents,
            clock=self.gateways.clock,
        )

    @cached_property
    def share_call(self) -> ShareCall:
        from callscribe.use_cases.share_call import ShareCall

        return ShareCall(
            store=self.gateways.store,
            shares=self.gateways.store,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            new_id=self.gateways.new_id,
            public_base_url=self.settings.public_base_url,
        )

    @cached_property
    def read_share(self) -> ReadShare:
        from callscribe.use_cases.read_share import ReadShare

        return ReadShare(
            store=self.gateways.store,
            shares=self.gateways.store,
            read_calls=self.read_calls,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def redrive(self) -> Redrive:
        from callscribe.use_cases.redrive import Redrive

        return Redrive(
            store=self.gateways.store,
            ledger=self.ledger,
            queue=self.gateways.queue,
            letters=self.gateways.dead_letters,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def request_erasure(self) -> RequestErasure:
        from callscribe.use_cases.request_erasure import RequestErasure

        return RequestErasure(
            store=self.gateways.store,
            ledger=self.ledger,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            retention=self.settings.retention,
        )

    @cached_property
    def follow_changes(self) -> FollowChanges:
        from callscribe.use_cases.follow_changes import FollowChanges

        return FollowChanges(
            store=self.gateways.store,
            retention=self.settings.retention,
            clock=self.gateways.clock,
        )

    @cached_property
    def scheduled_calls(self) -> ScheduledCalls:
        from callscribe.use_cases.scheduled_calls import ScheduledCalls

        return ScheduledCalls(
            store=self.gateways.store,
            ledger=self.ledger,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def import_recordings(self) -> ImportRecordings:
        from callscribe.use_cases.import_recordings import ImportRecordings

        return ImportRecordings(
            sweeps=self.gateways.store,
            keys=self.gateways.store,
            clock=self.gateways.clock,
            new_id=self.gateways.new_id,
        )
