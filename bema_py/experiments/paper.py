"""The numbers that the paper reports, to stand beside ours."""

from collections.abc import Mapping
from types import MappingProxyType

PaperTable = Mapping[tuple[str, str], Mapping[int, float]]
"""Accuracy in 0..1 by case and method and then by percentage of bogus messages."""

TABLE_1: PaperTable = MappingProxyType(
    {
        ("D", "hmr"): {0: 0.8320, 10: 0.7926, 20: 0.7397, 50: 0.5849},
        ("D", "bema"): {0: 0.8401, 10: 0.8372, 20: 0.8134, 50: 0.7692},
        ("D-20", "hmr"): {0: 0.8178, 10: 0.7631, 20: 0.6959, 50: 0.5281},
        ("D-20", "bema"): {0: 0.8023, 10: 0.7895, 20: 0.7710, 50: 0.7395},
        ("D-50", "hmr"): {0: 0.7587, 10: 0.6945, 20: 0.6120, 50: 0.4162},
        ("D-50", "bema"): {0: 0.7316, 10: 0.7228, 20: 0.7012, 50: 0.6804},
    }
)
"""Table I: after 50 iterations on MNIST."""


def table_1(dataset: str) -> PaperTable:
    """Give what the paper reports of a data set: nothing, unless it is the paper's own."""
    return TABLE_1 if dataset == "mnist" else {}
