"""What a vendor's package reads of a request that the vendor makes here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class CallbackRequest(Protocol):
    """A request as it came in; names of headers are lower-case."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names; the last of a repeated one."""
        ...

    @property
    def body(self) -> bytes:
        """The exact bytes, which a signature covers."""
        ...

    @property
    def form(self) -> Mapping[str, str]:
        """Fields of a form body, blank ones kept. Only for a body whose signature holds."""
        ...

    def json(self) -> object:
        """The body as JSON. Raises InvalidInputError."""
        ...

    def urls(self, configured: str) -> tuple[str, ...]:
        """The exact URLs that a vendor may have been given for this request, query included;
        ``configured`` is PublicBaseUrl, or empty."""
        ...
