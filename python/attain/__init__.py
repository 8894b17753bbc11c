"""Whether the targets of a development plan agree, how probable they are, and what would attain them."""

from __future__ import annotations

from attain.allocation import Allocation, allocate
from attain.assessing import assess
from attain.assessment import Assessment
from attain.audit import Audit, audit
from attain.backtest import Backtest, backtest
from attain.bottleneck import Bottleneck
from attain.comparison import compare, tornado
from attain.consistency import Consistency, check
from attain.deflator import Deflator
from attain.errors import (
    ArgumentError,
    AttainError,
    BasisError,
    DataError,
    NumericalError,
    PlanError,
    UnitError,
)
from attain.glide_path import GlidePath, glide_path
from attain.goals import EvenDrift, Frontier, Menu, even_drift, frontier, menu, target_at
from attain.growth_test import GrowthTest, growth_test
from attain.history import History
from attain.identity import Identity
from attain.learning import learn_prior, pooled_prior
from attain.mvn import mvn_probability
from attain.path import AttainingPath
from attain.plan import Plan, bundled_plans, load_plan, plan_schema
from attain.prior import Prior, load_prior
from attain.projection import Projection, project
from attain.reading import load_history
from attain.reference_class import ReferenceClass, TrackRecord, reference_class, track_record
from attain.relation import Relation
from attain.scenario import Override, Scenario, Shock, load_scenarios
from attain.sweep import sweep
from attain.target import (
    Target,
    count,
    count_above,
    coverage,
    flow,
    growth,
    level,
    multiple,
    ratio,
    reduction,
    share,
)
from attain.yardsticks import Yardsticks, yardsticks

__version__ = "0.1.0"

__all__ = [
    "Allocation",
    "ArgumentError",
    "Assessment",
    "AttainError",
    "AttainingPath",
    "Audit",
    "Backtest",
    "BasisError",
    "Bottleneck",
    "Consistency",
    "DataError",
    "Deflator",
    "EvenDrift",
    "Frontier",
    "GlidePath",
    "GrowthTest",
    "History",
    "Identity",
    "Menu",
    "NumericalError",
    "Override",
    "Plan",
    "PlanError",
    "Prior",
    "Projection",
    "ReferenceClass",
    "Relation",
    "Scenario",
    "Shock",
    "Target",
    "TrackRecord",
    "UnitError",
    "Yardsticks",
    "allocate",
    "assess",
    "audit",
    "backtest",
    "bundled_plans",
    "check",
    "compare",
    "count",
    "count_above",
    "coverage",
    "even_drift",
    "flow",
    "frontier",
    "glide_path",
    "growth",
    "growth_test",
    "learn_prior",
    "level",
    "load_history",
    "load_plan",
    "load_prior",
    "load_scenarios",
    "menu",
    "multiple",
    "mvn_probability",
    "plan_schema",
    "pooled_prior",
    "project",
    "ratio",
    "reduction",
    "reference_class",
    "share",
    "sweep",
    "target_at",
    "tornado",
    "track_record",
    "yardsticks",
]
