"""The template and its translation by checkov (.checkov.yaml), the packages that ship by pip-audit.

Only the translation shows the roles and permissions that SAM generates.

pip-audit asks PyPI for the known vulnerabilities of each package. If PyPI cannot be reached (behind a
mirror that has only the files), nothing is audited, and this says so instead of passing silently.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
BIN = ROOT / ".venv-audit" / "bin"
SHIPPED = "layers/dependencies/requirements.txt"


TRANSLATE = """
import json
from pathlib import Path
from samtranslator.yaml_helper import yaml_parse
from local.deploy import translate
source = yaml_parse(Path("template.yaml").read_text())
print(json.dumps(translate(source, {"TwilioAccountSid": "AC" + "0" * 32}, "http://127.0.0.1")))
"""


def main() -> int:
    """0 if neither found anything."""
    with TemporaryDirectory() as folder:
        translation = Path(folder) / "translation.json"
        with translation.open("w") as file:
            subprocess.run(
                [ROOT / ".venv/bin/python", "-c", TRANSLATE],
                cwd=ROOT,
                stdout=file,
                check=True,
            )
        for template in ("template.yaml", str(translation)):
            checkov = [str(BIN / "checkov"), "--skip-download", "--file", template]
            if subprocess.run(checkov, cwd=ROOT, check=False).returncode != 0:
                return 1
    return audit_packages()


def audit_packages() -> int:
    options = (
        "--disable-pip --require-hashes --progress-spinner off --timeout 10 --format json".split()
    )
    done = subprocess.run(
        [BIN / "pip-audit", *options, "--requirement", SHIPPED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"pip-audit: NOT AUDITED, PyPI cannot be reached: {last_line(done.stderr)}")
        return 0
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        print(f"pip-audit: NOT AUDITED, PyPI knows nothing of the {len(packages)} packages here")
        return 0
    for package in audited:
        for found in package["vulns"]:
            fixed = f"fixed in {found['fix_versions']}"
            print(f"{package['name']} {package['version']}: {found['id']}, {fixed}")
    print(f"pip-audit: {len(audited)} of {len(packages)} packages audited")
    return 1 if any(package["vulns"] for package in audited) else 0


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


if __name__ == "__main__":
    sys.exit(main())
