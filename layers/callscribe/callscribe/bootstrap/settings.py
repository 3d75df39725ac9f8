"""The environment that template.yaml gives a function; docs/configuration.md has every line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from callscribe.domain.adoption import AdoptionRules, read_adoption
from callscribe.domain.consent import ConsentRules
from callscribe.domain.deadlines import Deadlines, read_deadlines


@dataclass(frozen=True)
class Settings:
    """Read when first used, never at import. A function has only the variables it needs.

    Raises (attribute access):
        KeyError: the template does not give this function that variable.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def __getitem__(self, name: str) -> str:
        return self.environment[name]

    def optional(self, name: str) -> str:
        """The value, or an empty text: the template writes empty texts for what is not set."""
        return self.environment.get(name, "")

    @property
    def speech_models(self) -> tuple[str, ...]:
        """AssemblyAI's models in the order of preference, never its moving default."""
        return tuple(m.strip() for m in self["SPEECH_MODELS"].split(",") if m.strip())

    @property
    def consent(self) -> ConsentRules:
        """What every call announces before it is recorded."""
        return ConsentRules(
            announcement=self["CONSENT_ANNOUNCEMENT"].strip(),
            key_press=self["CONSENT_KEY_PRESS"] == "yes",
        )

    @property
    def adoption(self) -> AdoptionRules:
        """Which recordings of the account are this stack's. Raises ValueError for what cannot be."""
        return read_adoption(self["ADOPT_RECORDINGS"], self["ADOPT_NUMBERS"])

    @property
    def deadlines(self) -> Deadlines:
        """How long each state may wait. Raises ValueError for a DEADLINES that cannot be."""
        return read_deadlines(self["DEADLINES"])
