"""Errors: one root, one class for each kind of thing that can be wrong."""

from __future__ import annotations


class AttainError(ValueError):
    """Root of all errors of attain."""


class ArgumentError(AttainError):
    """A function was called with arguments it does not accept."""


class DataError(AttainError):
    """Figures of a history cannot be used as they are."""


class PlanError(AttainError):
    """A plan or one of its targets cannot be read."""


class UnitError(AttainError):
    """A unit is unknown, or two units cannot be converted."""


class BasisError(AttainError):
    """Nominal and constant-price figures were about to be mixed."""


class NumericalError(AttainError):
    """A computation did not reach its promised accuracy."""
