"""What happens in a world: each call's story, rolled from its seed and number alone."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.fault_injector import FaultInjector

# of a hundred
_KINDS = (
    ("message", 33),
    ("call", 18),
    ("two-recordings", 5),
    ("unanswered", 10),
    ("absent", 5),
    ("scheduled", 8),
    ("inbound", 8),
    ("foreign", 5),
    ("foreign-silent", 4),
    ("refused", 2),
    ("other-stack", 2),
)
_OUTCOMES = (
    ("spoken", 72),
    ("silent", 6),
    ("fails-once", 10),
    ("fails-thrice", 6),
    ("fails", 6),
)
KINDS = tuple(name for name, _ in _KINDS)
OUTCOMES = tuple(name for name, _ in _OUTCOMES)
# a foreign call is another application's: Twilio has it, this stack did not place it. That of another
# stack has a number of its own and is transcribed with the same account at AssemblyAI
FOREIGN = frozenset({"foreign", "foreign-silent", "other-stack"})
# of which this stack is told nothing: whether it takes them is the operator's choice
UNTOLD = FOREIGN - {"foreign"}
PLACED = frozenset(KINDS) - {"inbound"} - FOREIGN


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One call. ``begins`` in seconds; ``asks`` is how often its client sends the same request.

    ``erased_after``: so many seconds after that a client asks for its erasure. ``canceled_after``: so
    many after the time of a scheduled call, or before it, a client cancels it. ``days_ahead``:
    so much longer before its time it is scheduled.
    """

    number: int
    kind: str
    outcome: str
    begins: float
    asks: int
    talks_seconds: float
    erased_after: float | None = None
    canceled_after: float | None = None
    days_ahead: float = 0.0

    @property
    def place_at(self) -> float:
        """When a scheduled call is to be placed, in seconds from the beginning."""
        return self.begins + 300 + 8 * self.talks_seconds + self.days_ahead * 86_400

    @property
    def label(self) -> str:
        return f"call {self.number}"

    @property
    def phone(self) -> str:
        """A number of its own, so that a second ringing is seen."""
        return f"+1{415 + self.number // 10000 % 2 * 213}555{self.number % 10000:04}"


def make_plan(injector: FaultInjector, number: int, span_seconds: float) -> Plan:
    """The story of call ``number`` in this injector's world."""

    def roll(what: str, high: float = 1.0) -> float:
        return injector.number(f"plan/{number}/{what}", 0, high)

    talks_seconds = 5 + roll("talks", 120)
    # mostly while its recording is being worked on
    erased_after = talks_seconds + roll("erased_after", 60)
    return Plan(
        number=number,
        kind=_pick(_KINDS, roll("kind")),
        outcome=_pick(_OUTCOMES, roll("outcome")),
        begins=roll("begins", span_seconds),
        asks=1 if roll("asks") < 0.8 else 2,
        talks_seconds=talks_seconds,
        erased_after=erased_after if roll("erased") < 0.2 else None,
        # half of them in the very moment when it is placed
        canceled_after=roll("canceled_after", 0.08) - (0 if roll("early") < 0.5 else 200)
        if roll("canceled") < 0.4
        else None,
    )


def _pick(choices: tuple[tuple[str, int], ...], roll: float) -> str:
    left = roll * 100
    for name, weight in choices:
        left -= weight
        if left < 0:
            return name
    return choices[-1][0]
