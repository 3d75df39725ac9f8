from __future__ import annotations

import pytest

from callscribe.adapters.assemblyai.errors import explain_job_error, without_places
from tests.support.fixtures import fixtures

SECRET = "https://user:s3cret@bucket.example/a.wav?X-Amz-Signature=s3cret#s3cret"

LOW_CONFIDENCE = (
    "detected language 'bg', confidence 0.2949, is below the requested confidence threshold "
    "value of '0.4'"
)


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        (f"Download error, unable to download {SECRET}. Please make sure", "download_error", True),
        (f"Download error, unable to access file at {SECRET}", "download_error", True),
        ("Download error: http_error (403)", "download_error", True),
        ("Audio duration is too short.", "audio_too_short", False),
        ("File does not appear to contain audio. File type is text/html", "not_audio", False),
        ("Transcoding failed. File type application/json", "transcoding_failed", False),
        (
            "language_detection cannot be performed on files with no spoken audio.",
            "no_speech",
            False,
        ),
        (
            LOW_CONFIDENCE,
            "language_confidence_low",
            False,
        ),
        (
            "Audio speech threshold 0.9461 is below the requested speech threshold value 1.0",
            "speech_threshold_not_met",
            False,
        ),
        ("Server error, developers have been alerted", "server_error", True),
        (f"Something new at {SECRET}", "vendor_error", False),
        ("", "vendor_error", False),
    ],
)
def test_a_vendors_error_is_named(error: str, code: str, retryable: bool) -> None:
    failure = explain_job_error(error)
    assert (failure.code, failure.retryable) == (code, retryable)
    assert failure.message
    assert "s3cret" not in failure.message


def test_an_unknown_error_keeps_its_words() -> None:
    message = explain_job_error(f"Odd thing with {SECRET} and\nmore {'x' * 900}").message
    assert "Odd thing with (URL) and more" in message
    assert len(message) < 400


@pytest.mark.parametrize(
    "place",
    [
        SECRET,
        "HTTPS://bucket.example/a.wav",
        "s3://calls-bucket/audio/a.wav",
        "calls-bucket.s3.eu-west-1.amazonaws.com/audio/a.wav?X-Amz-Signature=s3cret",
        "calls-bucket.s3.amazonaws.com",
        f"/calls-bucket/audio/{'0' * 32}/RE{'1' * 32}.wav",
        f"audio/{'0' * 32}/RE{'1' * 32}.wav",
        f"transcripts/{'0' * 32}/RE{'1' * 32}/one.json.gz",
    ],
)
def test_no_place_stands_in_an_errors_words(place: str) -> None:
    words = f"Odd (400): cannot read {place}, File type text/html."
    assert without_places(words) in (
        "Odd (400): cannot read (URL) File type text/html.",
        "Odd (400): cannot read (URL), File type text/html.",
    )


def test_every_documented_error_has_a_name() -> None:
    for cases in fixtures("assemblyai-errors", "samples/assemblyai-errors.transcript.json"):
        for case in cases:
            assert explain_job_error(case["error"]).code != "vendor_error", case
