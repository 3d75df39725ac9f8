"""Takes out of the dependencies layer what no function loads or reads, and compiles the rest.

Every name here must be there: when a new version of a package moves things, the build stops and says
which, instead of shipping twice as much in silence. tests/artifact/ proves that nothing is missed.
"""

from __future__ import annotations

import compileall
import gzip
import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

# whole packages: what `twilio` needs for asynchronous requests, which callscribe does not make
PACKAGES = (
    "aiohappyeyeballs aiohttp aiohttp_retry aiosignal attr attrs frozenlist multidict propcache yarl "
    "bin jwt"
).split()
# the AWS services that a client is made for (tests/unit/test_aws_data.py holds them to gateways.py)
SERVICES = ("dynamodb", "events", "s3", "scheduler", "sqs", "ssm")
# what every client reads beside its service's model
SHARED = ("_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json")
# of a folder only these: of Twilio's products calls and recordings (rest/api), of Powertools' tools
# what its logger asks for, of AWS's services those above
KEPT = {
    "twilio/rest": ("__init__.py", "api"),
    "aws_lambda_powertools/utilities": ("__init__.py", "jmespath_utils"),
    "botocore/data": (*SERVICES, *SHARED),
}
FOLDERS = (
    # boto3's resources: only its session, clients' transfers and DynamoDB's types are used
    "boto3/data",
    "boto3/examples",
    "twilio/jwt",
    "certifi/tests",
    # names of places and of carriers
    "phonenumbers/geodata",
    "phonenumbers/carrierdata",
    # Powertools' other tools: routing, parsing, feature flags, data classes, Kafka, …
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/middleware_factory",
)
# tables and wrappers that a generator wrote: as bytecode only, there is nothing in them to read
GENERATED = (
    "twilio/rest/api",
    "phonenumbers/data",
    "phonenumbers/shortdata",
    "phonenumbers/tzdata",
)
# types and sources for compilers, pip's lists of what it installed, and what botocore reads only for
# waiters and for help
UNREAD = ("*.pyi", "*.c", "*.pyx", "*.pxd", "*.h", "RECORD", "waiters-*.json", "examples-*.json")
# The roots that AWS's certificates hang on, for AWS_CA_BUNDLE, which only botocore reads: every client
# reads its bundle anew, and certifi's has more than a hundred. https://www.amazontrust.com/repository
# has all that AWS asks clients to trust; DigiCert's is for AWS's endpoints in China.
ROOTS = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
    "Starfield Root Certificate Authority - G2",
    "DigiCert Global Root G2",
)
_CERTIFICATE = re.compile(
    r'# Label: "(.*?)"\n.*?(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n)', re.DOTALL
)


def main() -> int:
    root = Path(sys.argv[1])
    expected = [*unwanted(root), *(root / name for name in GENERATED)]
    missing = [str(path.relative_to(root)) for path in expected if not path.exists()]
    if missing:
        print(f"strip.py: not there any more, look where it went: {', '.join(missing)}")
        return 1
    for path in unwanted(root):
        remove(path)
    for path in [path for pattern in UNREAD for path in root.rglob(pattern)]:
        path.unlink()
    shrink_models(root / "botocore" / "data")
    (root / "aws-roots.pem").write_text(roots((root / "certifi" / "cacert.pem").read_text()))
    return 0 if compiled(root) else 1


def shrink_models(data: Path) -> None:
    """Of each service the newest version, unpacked and without its texts for people; of the endpoints
    those of the services that are left: half of what making two clients costs without."""
    for service in SERVICES:
        # the newest is the one that a client asks for
        for old in sorted((data / service).iterdir())[:-1]:
            shutil.rmtree(old)
    for packed in data.rglob("*.json.gz"):
        model = json.loads(gzip.decompress(packed.read_bytes()))
        write(packed.with_suffix(""), undocumented(model))
        packed.unlink()
    endpoints = json.loads((data / "endpoints.json").read_text())
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in SERVICES if name in services}
    write(data / "endpoints.json", endpoints)


def undocumented(value: Any) -> Any:
    """Texts for people are empty: botocore wants to find them."""
    if isinstance(value, Mapping):
        return {
            name: "" if name == "documentation" and isinstance(inner, str) else undocumented(inner)
            for name, inner in value.items()
        }
    return [undocumented(inner) for inner in value] if isinstance(value, list) else value


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, separators=(",", ":")))


def roots(bundle: str) -> str:
    """Raises KeyError for one that certifi has no more."""
    certificates = dict(_CERTIFICATE.findall(bundle))
    return "".join(certificates[name] for name in ROOTS)


def compiled(root: Path) -> bool:
    """Lambda's file system is read-only and its files are dated 1980: only bytecode that does not look
    at its source's date is used, and without any each cold start would compile everything again."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    for name in GENERATED:
        if not compileall.compile_dir(root / name, quiet=1, legacy=True, invalidation_mode=mode):
            return False
        for source in (root / name).rglob("*.py"):
            source.unlink()
    return bool(compileall.compile_dir(root, quiet=1, invalidation_mode=mode, workers=0))


def unwanted(root: Path) -> list[Path]:
    """What has to go; also what was to be kept and is not there, so that it is missed."""
    found = [root / name for name in (*PACKAGES, *FOLDERS)]
    for folder, kept in KEPT.items():
        found += [path for path in sorted((root / folder).glob("*")) if path.name not in kept]
        found += [root / folder / name for name in kept if not (root / folder / name).exists()]
    return found


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
