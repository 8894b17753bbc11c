"""Writing files so that no reader ever sees half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from os import PathLike
from pathlib import Path


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write text as UTF-8, all or nothing; an older file of that name is replaced."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | PathLike[str], content: bytes) -> None:
    """Write bytes, all or nothing; an older file of that name is replaced.

    The bytes go to a file beside the target, with the permissions that the umask leaves, which then takes its name.

    Raises
    ------
    OSError
        Naming `path`; nothing is left behind.
    """
    target = Path(path)
    scratch = target.with_name(f".attain-{secrets.token_hex(8)}")
    try:
        with open(scratch, "xb") as stream:
            stream.write(content)
        os.replace(scratch, target)
    except OSError as error:
        _remove(scratch)
        raise OSError(error.errno, error.strerror, str(target)) from error
    except BaseException:
        _remove(scratch)
        raise


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
