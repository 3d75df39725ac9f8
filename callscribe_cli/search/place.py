"""Where a stack's index is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from callscribe_cli.app import App


def index_file(app: App) -> Path:
    """Of the stack that the options, the environment or a file name: it need not be asked itself.

    Raises:
        NoStackError, CredentialsError: which stack is not known, or not where its API is.
    """
    from callscribe_cli.credentials import Aws

    place = app.discovery.place(app.options)
    profile = app.discovery.profile(app.options)
    url, _ = app.discovery.resolve(place, Aws(profile), profile)
    return app.discovery.data_folder / _name(url)


def _name(url: str) -> str:
    digest = hashlib.sha256(url.encode()).hexdigest()[:8]
    return f"{urlsplit(url).hostname}-{digest}.sqlite3"
