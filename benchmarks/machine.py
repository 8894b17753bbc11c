"""What a benchmark says of the machine that it ran on."""

import os
import platform
from pathlib import Path


def machine() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    named = [line for line in cpuinfo.read_text().splitlines() if "model name" in line] if cpuinfo.exists() else []
    return f"{named[0].split(':')[1].strip() if named else platform.machine()}, {os.cpu_count()} cores"
