"""`bema op approve`: what an original party does for newcomers."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.opening import open_network, open_share, open_signer
from bema_py.cli.output import JsonOption, emit
from bema_py.cli.profile import Profile, ProfileError, ProfileOption, load_profile
from bema_py.core.types import classes_of
from bema_py.learning.arithmetic import ONE
from bema_py.roles.original_party import Thresholds, approve, examine
from bema_py.roles.requests import read_request, write_approval


def approve_request(
    request: Annotated[Path, typer.Argument(help="The newcomer's registration request.")],
    out: Annotated[Path, typer.Option(help="Where to write the signed approval.")] = Path("approval.json"),
    profile: ProfileOption = Path("bema.toml"),
    as_json: JsonOption = False,
) -> None:
    """Validate a newcomer's model on the founder's data (eq. 2) and, if it passes, sign the approval.

    Example: bema op approve request.json --profile founder.toml --out approval.json
    """
    settings = load_profile(profile)
    limits = thresholds(settings)
    network = open_network(settings)
    signer = open_signer(settings, network.contract.chain)
    wanted = read_request(request)
    validation = examine(network, signer.address, wanted, open_share(settings).private, limits)
    approval = approve(
        network,
        signer,
        wanted,
        validation,
        nonce=secrets.randbits(128),
        deadline=network.contract.chain.head().timestamp + settings.validation.approval_seconds,
    )
    write_approval(out, approval)
    measured = validation.deviation.per_sample
    emit(
        as_json,
        {
            "approval": str(out),
            "deviation": measured,
            "omega": limits.omega / ONE,
            "vouched": classes_of(validation.vouched_classes),
        },
        f"deviation {measured:.4f} a sample, omega {limits.omega / ONE:.4f}: approved for classes "
        f"{list(classes_of(validation.vouched_classes))}, written to {out}",
    )


def thresholds(settings: Profile) -> Thresholds:
    """Return the founder's limits; raises ProfileError for one that is not set."""
    section = settings.validation
    for name, value in (("omega", section.omega), ("omega_min", section.omega_min)):
        if not 0 < value <= 1:
            raise ProfileError(
                settings.path, f"validation.{name} is {value}, above 0 and at most 1 is needed"
            )
    return Thresholds(round(section.omega * ONE), round(section.omega_min * ONE))
