"""The answers of a sweep on disk: what is there need not be computed again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from attain.answering import Answer, Baseline
from attain.errors import ArgumentError, DataError
from attain.files import write_bytes


class Store:
    """Answers on disk: a folder per baseline, a Parquet file per chunk, named after what it holds."""

    def __init__(self, folder: Path, baseline: Baseline) -> None:
        try:
            import pyarrow.parquet
        except ImportError as error:
            raise ArgumentError("out: Parquet files need pyarrow: pip install 'attain[sweep]'") from error
        self._arrow = pyarrow
        self.folder = folder / baseline.digest[:16]
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        """One file, all or nothing; what failed is not kept, and is tried again by the next sweep."""
        kept = {key: rows for key, rows in answers.items() if not rows[0].error}
        if not kept:
            return
        columns = ["key", *Answer._fields]
        table = pd.DataFrame([(key, *row) for key, rows in kept.items() for row in rows], columns=columns)
        stream = io.BytesIO()
        self._arrow.parquet.write_table(self._arrow.Table.from_pandas(table, preserve_index=False), stream)
        name = hashlib.sha256("".join(kept).encode()).hexdigest()[:32]
        write_bytes(self.folder / f"{name}.parquet", stream.getvalue())

    def read(self) -> dict[str, list[Answer]]:
        """Every answer of the folder, by key."""
        found: dict[str, list[Answer]] = {}
        for path in sorted(self.folder.glob("*.parquet")):
            own: dict[str, list[Answer]] = {}
            for row in self._rows(path):
                own.setdefault(row.pop("key"), []).append(Answer(**row))
            found.update(own)
        return found

    def _rows(self, path: Path) -> list[dict[str, Any]]:
        try:
            rows: list[dict[str, Any]] = self._arrow.parquet.read_table(path).to_pylist()
        except (self._arrow.ArrowInvalid, OSError) as error:
            raise DataError(
                f"{path}: not a file of a sweep ({error}); delete it, and its scenarios run again"
            ) from error
        return rows
