"""`bema model`: look at a model, and take it out of the protocol."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.opening import open_store
from bema_py.cli.output import JsonOption, emit, table
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.core.architecture import name_of
from bema_py.core.bounds import Bound, layer_bounds
from bema_py.core.checks import check_hex
from bema_py.core.cid import cid_text
from bema_py.core.errors import InputError
from bema_py.core.model_card import ModelCard
from bema_py.core.types import ModelDigest, hex0x
from bema_py.roles.content import load_card, load_model
from bema_py.storage.content_store import ContentStore
from bema_py.storage.memory_store import MemoryStore

ModelArgument = Annotated[
    str, typer.Argument(help="A model digest in the profile's content, or with --parameters a card's file.")
]
ParametersOption = Annotated[
    Path | None, typer.Option(help="The parameter file, where MODEL is the file of its model card.")
]
DEFAULT_PROFILE = Path("bema.toml")


def show(
    model: ModelArgument,
    parameters: ParametersOption = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Show a model's kind, classes, layers and the bounds that keep its arithmetic exact.

    Example: bema model show 0x5f0c... --profile party.toml
    """
    store, digest = _locate(model, parameters, profile)
    card = load_card(store, digest)
    architecture = card.architecture
    kind = name_of(architecture)
    widest = {bound.layer: bound for bound in _ascending_bounds(card)}
    rows = [
        (index, " ".join(map(str, layer.to_plain())), *_bound_cells(f"layers.{index}", widest))
        for index, layer in enumerate(architecture.layers)
    ]
    size, shape = architecture.parameter_count, list(architecture.input)
    title = f"{kind}: {size} parameters, input {shape}, classes {list(card.classes)}"
    emit(
        as_json,
        {
            "model": hex0x(digest),
            "kind": kind,
            "classes": list(card.classes),
            "architecture": architecture.to_plain(),
            "parameters": cid_text(card.parameters),
            "parameter_count": architecture.parameter_count,
        },
        table(title, ("layer", "what", "largest sum", "bits of 53"), rows),
    )


def export(
    model: ModelArgument,
    out: Annotated[Path, typer.Option(help="Where to write the PyTorch file.")] = Path("model.pt"),
    parameters: ParametersOption = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Write a model's parameters as a float32 PyTorch file: a state_dict of tensors, safe to load with weights_only.

    Example: bema model export 0x5f0c... --out model.pt --profile party.toml
    """
    from bema_py.learning.export import torch_file  # noqa: PLC0415 - loads torch

    store, digest = _locate(model, parameters, profile)
    data = torch_file(load_model(store, digest))
    try:
        out.write_bytes(data)
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror})") from error
    emit(
        as_json,
        {"model": hex0x(digest), "out": str(out), "bytes": len(data)},
        f"model {hex0x(digest)} written to {out}, {len(data)} bytes",
    )


def _locate(model: str, parameters: Path | None, profile: Path) -> tuple[ContentStore, ModelDigest]:
    """Return the store that holds a model and its digest; the two files of a model make a store of their own."""
    if parameters is None:
        return open_store(load_profile(profile)), ModelDigest(check_hex("MODEL", model, 32))
    store = MemoryStore()
    digest = store.put_object(_read(Path(model)))
    store.put_file(_read(parameters))
    return store, ModelDigest(digest)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from error


def _ascending_bounds(card: ModelCard) -> list[Bound]:
    """Return every bound of the architecture, so that a layer's largest comes last."""
    architecture = card.architecture
    return sorted(layer_bounds(architecture.layers, architecture.shapes()), key=lambda bound: bound.value)


def _bound_cells(layer: str, widest: Mapping[str, Bound]) -> tuple[str, str]:
    bound = widest.get(layer)
    return ("", "") if bound is None else (bound.quantity, f"{bound.bits:.3f}")
