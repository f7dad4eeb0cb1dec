"""Being here puts `tests/` on the import path, so that every kind of test can share the scenarios."""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, and say so, unless it is asked for."""
    if "failures" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("failures"):
            item.add_marker(pytest.mark.skip(reason="real failures, minutes of them: run `make failures`"))
