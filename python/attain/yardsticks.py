"""Labels for numbers, each by its published rule. A label is not a probability."""

from __future__ import annotations

_IPCC = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.10, "unlikely"),
    (0.01, "very unlikely"),
    (0.00, "exceptionally unlikely"),
)


def ipcc_likelihood(probability: float) -> str:
    """Likelihood word of a probability in [0, 1].

    Mastrandrea et al. (2010), Guidance Note for Lead Authors of the IPCC Fifth Assessment Report on Consistent
    Treatment of
    Uncertainties, table 1; the overlapping classes of the note are cut so that each probability has the narrowest one.
    """
    return next(word for least, word in _IPCC if probability >= least)
