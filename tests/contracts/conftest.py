"""What several contracts need."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.copy_audio import make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For localhost; its key lies beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder: Path = tmp_path_factory.mktemp("certificate")
    make_certificate(folder)
    return folder / "certificate.pem"
