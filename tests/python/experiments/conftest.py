import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bema_py.experiments.plans import RunPlan, Source
from bema_py.experiments.setups import Budget, Setup, setup_of
from bema_py.experiments.studies import StudySettings
from bema_py.learning.parallel import single_threaded_operations


@pytest.fixture(autouse=True)
def _one_thread():
    with single_threaded_operations():
        yield


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """Local models and runs that the tests share, so that each model is trained once."""
    return tmp_path_factory.mktemp("experiments")


@pytest.fixture(scope="session")
def setup() -> Setup:
    usual = setup_of("digits")
    short = replace(usual.recipe, steps=80, batch_size=16)
    return replace(usual, recipe=short, centralised_recipe=short, refit_steps=2, fedavg_steps=5)


@pytest.fixture
def plan(setup):
    """A short run of case C, whose five parties include regular ones that can attack."""

    def made(method="bema", bogus=0, case="C", blocks=2, seed=1) -> RunPlan:
        source = Source("digits", tune=True)
        return RunPlan(source, setup, Budget(blocks, scan=400, evaluate_every=1), case, method, bogus, seed)

    return made


@pytest.fixture
def settings(setup, cache, tmp_path):
    def made(cases, methods, **changes) -> StudySettings:
        usual = StudySettings(
            name="study",
            source=Source("digits", tune=True),
            setup=setup,
            budget=Budget(2, scan=400, evaluate_every=1),
            seeds=(1,),
            cases=cases,
            methods=methods,
            cache=cache,
            out=tmp_path / "results",
            jobs=1,
        )
        return replace(usual, **changes)

    return made


@pytest.fixture
def again(tmp_path):
    """Conduct a study again from its records alone, without a local model; gives the units left at each stage."""

    def conducted(study: Callable[..., object], settings: StudySettings, *rest, **named) -> dict[str, int]:
        records, left = tmp_path / "records", {}
        shutil.copytree(settings.cache, records, ignore=shutil.ignore_patterns("*.safetensors"))
        study(
            replace(settings, cache=records),
            lambda stage, _count, total: left.update({stage: total}),
            *rest,
            **named,
        )
        return left

    return conducted
