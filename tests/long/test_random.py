"""The random words of simulated paths, before the battery dieharder (an hour): no test fails, after weak ones have been
given as many more words as it takes to decide."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

WRITER = Path(os.environ.get("BUILD", "build"), "core", "write_stream")
pytestmark = pytest.mark.skipif(
    not WRITER.exists() or shutil.which("dieharder") is None,
    reason="make check-long builds the writer, and gets dieharder",
)


def test_no_test_of_dieharder_fails():
    writer = subprocess.Popen([str(WRITER.resolve())], stdout=subprocess.PIPE)
    try:
        asked = [
            "dieharder",
            "-a",
            "-g",
            "200",
            "-k",
            "2",
            "-Y",
            "1",
        ]  # raw words from standard input, weak results resolved
        said = subprocess.run(asked, stdin=writer.stdout, capture_output=True, text=True, check=True).stdout
    finally:
        writer.kill()
        writer.wait()
    results = [line for line in said.splitlines() if line.rstrip().endswith(("PASSED", "WEAK", "FAILED"))]
    assert len(results) > 100
    assert not [line for line in results if "FAILED" in line]
