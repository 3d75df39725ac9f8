"""Makes, of botocore's and certifi's own files, the small ones that a cold start reads instead.

- ``data``: the models of the operations that this application uses. botocore looks there first
  (``AWS_DATA_PATH``) and has megabytes of its own for the rest.
- ``roots.pem``: the roots that AWS's certificates hang on (``AWS_CA_BUNDLE``, which only botocore reads).
  Each client reads its bundle anew, and botocore's has more than a hundred roots.

tests/unit/test_aws_data.py holds OPERATIONS to what the adapters call.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OPERATIONS = {
    "dynamodb": "GetItem PutItem UpdateItem DeleteItem Query".split(),
    "events": ["PutEvents"],
    "s3": "PutObject GetObject ListObjectVersions DeleteObject".split(),
    "scheduler": ["CreateSchedule"],
    "ssm": ["GetParameter"],
    "sqs": "SendMessage ReceiveMessage DeleteMessage ChangeMessageVisibility".split(),
}
# https://www.amazontrust.com/repository: all that AWS asks clients to trust; and DigiCert's, which
# AWS's endpoints in China use
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
    botocore, certifi, target = (Path(argument) for argument in sys.argv[1:])
    for service, operations in OPERATIONS.items():
        # the latest version is the one that a client asks for
        folder = max((botocore / "data" / service).iterdir())
        kept = target / "data" / service / folder.name
        kept.mkdir(parents=True)
        write(kept / "service-2.json", trimmed(read(folder / "service-2"), operations))
        for name in ("endpoint-rule-set-1", "paginators-1"):
            write(kept / f"{name}.json", read(folder / name))
    endpoints = read(botocore / "data" / "endpoints")
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in OPERATIONS if name in services}
    write(target / "data" / "endpoints.json", endpoints)
    certificates = dict(_CERTIFICATE.findall((certifi / "cacert.pem").read_text()))
    (target / "roots.pem").write_text("".join(certificates[name] for name in ROOTS))
    return 0


def trimmed(model: dict[str, Any], operations: list[str]) -> dict[str, Any]:
    """A service's model with these operations and the shapes that they use. Raises KeyError."""
    kept = {name: undocumented(model["operations"][name]) for name in operations}
    shapes: dict[str, Any] = {}
    waiting = list(shapes_in(kept))
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = undocumented(model["shapes"][name])
            waiting += shapes_in(shapes[name])
    rest = {name: model[name] for name in model if name not in ("operations", "shapes")}
    return {**undocumented(rest), "operations": kept, "shapes": shapes}


def undocumented(value: Any) -> Any:
    """Without its texts for people, which botocore wants to find all the same: they are empty."""
    if isinstance(value, dict):
        return {
            name: "" if name == "documentation" and isinstance(inner, str) else undocumented(inner)
            for name, inner in value.items()
        }
    return [undocumented(inner) for inner in value] if isinstance(value, list) else value


def shapes_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("shape"), str):
            yield value["shape"]
        for inner in value.values():
            yield from shapes_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from shapes_in(inner)


def read(path: Path) -> Any:
    """A JSON file of botocore's, packed or not. Raises FileNotFoundError where it has moved."""
    packed = path.with_name(f"{path.name}.json.gz")
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads(path.with_name(f"{path.name}.json").read_text())


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, separators=(",", ":")))


if __name__ == "__main__":
    sys.exit(main())
