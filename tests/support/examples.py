"""How many made-up cases a fuzzing test tries: few in the daily suite, many in `make fuzz`."""

from __future__ import annotations

import os

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
