"""A sweep that is killed fifty times at random ends with the bytes of one that was not."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))
from sweeps import HISTORY, PLAN, bytes_of, draws

import attain as at

KILLS, COUNT = 50, 4000
RUN = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[1] / "python")!r})
from concurrent.futures import ProcessPoolExecutor
from sweeps import HISTORY, PLAN, draws
import attain as at
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as executor:
        at.sweep(PLAN, HISTORY, draws({COUNT}), executor=executor, out=sys.argv[1], chunk=int(sys.argv[2]))
"""


def test_fifty_kills(tmp_path):
    script, out = tmp_path / "run.py", tmp_path / "out"
    script.write_text(RUN)
    chance, seen = random.Random(1), []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, str(script), str(out), str(chance.choice([1, 2, 5]))], start_new_session=True
        )
        before, deadline = len(list(out.glob("*/*.parquet"))), time.monotonic() + 60
        wait = chance.randrange(1, 6)  # files more, then the kill
        while (
            process.poll() is None
            and len(list(out.glob("*/*.parquet"))) < before + wait
            and time.monotonic() < deadline
        ):
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.05))
        if process.poll() is None:
            subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=False)
        process.wait()
        seen.append(len(list(out.glob("*/*.parquet"))))
        assert process.returncode in (0, -signal.SIGKILL)
    assert seen == sorted(seen)
    answered = pd.concat(pd.read_parquet(path) for path in out.glob("*/*.parquet"))["key"].nunique()
    assert 0 < answered < COUNT + 1, "the kills were to stop it half way"
    resumed = at.sweep(PLAN, HISTORY, draws(COUNT), out=out)
    assert bytes_of(resumed) == bytes_of(at.sweep(PLAN, HISTORY, draws(COUNT)))
