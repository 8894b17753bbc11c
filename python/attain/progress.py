"""The bar that long work shows on a terminal and in Jupyter, and not in a pipe."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm.std import tqdm


def progress(total: int, unit: str, **options: Any) -> tqdm[Any]:
    """A bar of tqdm's, with its options; it leaves nothing behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Jupyter without ipywidgets: tqdm warns, and a line of text serves
        from tqdm.auto import tqdm
    pipes_only = None  # tqdm's word for "not in a pipe", which it takes Jupyter for too
    disable = False if "ipykernel" in sys.modules else pipes_only
    return tqdm(total=total, unit=unit, leave=False, disable=disable, **options)
