"""Which recordings and transcripts are this stack's, where several share one account at a vendor."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from callscribe.domain.transcription_jobs import TranscriptionJob

WAYS = ("own", "numbers", "account")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
# what follows a bucket's name in its host, or stands alone before one in the path: s3.amazonaws.com,
# s3.eu-west-1…, s3.dualstack.eu-west-1…, s3-fips.…, s3-accelerate.…
_S3_HOST = re.compile(
    r"s3(-fips|-accelerate)?(\.dualstack)?(\.[a-z]{2}[a-z0-9-]+)?\.amazonaws\.com(\.cn)?"
)


@dataclass(frozen=True, slots=True)
class AdoptionRules:
    """``which``: ``own`` takes from Twilio's list only recordings of calls that are known here;
    ``numbers`` also those of calls to or from ``numbers``; ``account`` all of them."""

    which: str = "own"
    numbers: frozenset[str] = frozenset()

    def adopts(self, numbers_of_call: Collection[str | None]) -> bool:
        """Whether an unknown call between these numbers is this stack's."""
        if self.which == "numbers":
            return not self.numbers.isdisjoint(numbers_of_call)
        return self.which == "account"


def read_adoption(which: str, numbers: str) -> AdoptionRules:
    """The parameters ``AdoptRecordings`` and ``AdoptNumbers``.

    Raises:
        ValueError: says what is wrong.
    """
    listed = [number.strip() for number in numbers.split(",") if number.strip()]
    if which not in WAYS:
        raise ValueError(f"{which!r} must be one of {', '.join(WAYS)}")
    for number in listed:
        if not _NUMBER.fullmatch(number):
            raise ValueError(f"{number!r} is not a number in E.164 such as +14155550100")
    if which == "numbers" and not listed:
        raise ValueError("AdoptRecordings=numbers needs AdoptNumbers")
    return AdoptionRules(which, frozenset(listed))


def is_in_bucket(location: str, bucket_name: str) -> bool:
    """Whether audio (host and path) lies in this bucket, named in its host or first in its path.

    Any host may have it in the path, so that an endpoint of one's own counts; none but S3's in the host.
    """
    parts = urlsplit(f"//{location}")
    host = parts.hostname or ""
    if parts.path.startswith(f"/{bucket_name}/"):
        return True
    named = host.startswith(f"{bucket_name}.")
    return named and _S3_HOST.fullmatch(host.removeprefix(f"{bucket_name}.")) is not None


def belongs_here(
    job: TranscriptionJob, bucket_name: str, callback_urls: Collection[str] = ()
) -> bool:
    """Whether a job at the transcription vendor is of this stack's making.

    The vendor's list says where the audio lies, and nothing of the callback; asked for by its id, a
    job must name one of ``callback_urls`` as well.
    """
    if not is_in_bucket(job.audio_location, bucket_name):
        return False
    return job.callback_url is None or job.callback_url in callback_urls
