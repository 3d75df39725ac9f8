"""Takes out of the dependencies layer what no function loads, and compiles the rest.

Every name here must be there: when a new version of a package moves things, the build stops and says
which, instead of shipping twice as much in silence. artefact_tests/ prove that nothing is missed.
"""

from __future__ import annotations

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

# whole packages: what `twilio` needs for asynchronous requests, which nobody here makes; and what
# Lambda's runtime has already
PACKAGES = (
    "aiohappyeyeballs aiohttp aiohttp_retry aiosignal attr attrs frozenlist multidict propcache yarl "
    "jmespath bin jwt"
).split()
# of a folder only these: of Twilio's products calls and recordings (rest/api), of Powertools' tools
# what its logger asks for
KEPT = {
    "twilio/rest": ("__init__.py", "api"),
    "aws_lambda_powertools/utilities": ("__init__.py", "jmespath_utils"),
}
FOLDERS = (
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
# types and sources for compilers, and pip's lists of what it installed
UNREAD = ("*.pyi", "*.c", "*.pyx", "*.pxd", "*.h", "RECORD")


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
    return 0 if compiled(root) else 1


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
