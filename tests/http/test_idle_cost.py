"""What an idle run of `reconcile` asks of AWS is what bench/idle.py prices."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bench.cost import Meter
from bench.idle import RUN
from local.options import Options
from local.stack import LocalStack


def test_idle_run_asks_for_no_more_than_is_priced(tmp_path: Path) -> None:
    with LocalStack(Options(work_folder=tmp_path)) as stack:
        meter = Meter(stack.ministack.url)
        direct, stack.ministack.url = stack.ministack.url, meter.url
        try:
            stack.pools["ReconcileFunction"].restart()
            runs = []
            # the first reads the secrets and makes the windows
            for _ in range(3):
                meter.counted.clear()
                stack.invoke("ReconcileFunction", {"source": "test"})
                runs.append(Counter(meter.counted))
        finally:
            stack.ministack.url = direct
            meter.close()
    assert runs[0]["GetParameter"] == 2
    assert [dict(run) for run in runs[1:]] == [RUN, RUN]
