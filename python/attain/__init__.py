"""Whether the targets of a development plan agree, how probable they are, and what would attain them."""

from __future__ import annotations

from attain.assessment import Assessment, assess
from attain.errors import (
    ArgumentError,
    AttainError,
    BasisError,
    DataError,
    NumericalError,
    PlanError,
    UnitError,
)
from attain.history import History, load_history
from attain.plan import Plan, bundled_plans, load_plan
from attain.prior import Prior, load_prior
from attain.projection import Projection, project
from attain.target import Target, growth, level, multiple

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "Assessment",
    "AttainError",
    "BasisError",
    "DataError",
    "History",
    "NumericalError",
    "Plan",
    "PlanError",
    "Prior",
    "Projection",
    "Target",
    "UnitError",
    "assess",
    "bundled_plans",
    "growth",
    "level",
    "load_history",
    "load_plan",
    "load_prior",
    "multiple",
    "project",
]
