"""`bema prove`: that something is in a block, for whoever trusts nothing but the chain."""

from typing import Annotated, Any

import typer

from bema_py.chain.cast import cast_call
from bema_py.chain.deployment import Deployment
from bema_py.cli.explain import DEFAULT_PROFILE, RunArgument
from bema_py.cli.opening import open_archive, open_network
from bema_py.cli.output import JsonOption, console, emit
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.roles.stories.archive import archive_of_network
from bema_py.roles.stories.facts import plain
from bema_py.roles.stories.inclusion import InclusionProof, prove_sample


def sample(
    name: Annotated[str, typer.Argument(help="The id of a used sample, or the beginning of it.")],
    run: RunArgument = None,
    profile: ProfileOption = DEFAULT_PROFILE,
    as_json: JsonOption = False,
) -> None:
    """Print the proof that a sample was used in a block, and the `cast` line that lets the contract check it.

    The proof is checked here before it is printed. On a live chain the contract is asked, too.

    Example: bema prove sample 0x3f0a --profile miner.toml
    """
    if run is None:
        settings = load_profile(profile)
        network = open_network(settings)
        proof = prove_sample(archive_of_network(network), name)
        confirmed = network.contract.verify_inclusion(*proof.call())
        _show(proof, network.deployment, settings.chain.urls[0], confirmed, as_json)
    else:
        archive = open_archive(run, profile)
        _show(prove_sample(archive, name), archive.deployment, "", None, as_json)


def _show(
    proof: InclusionProof, deployment: Deployment, url: str, confirmed: bool | None, as_json: bool
) -> None:
    line = cast_call(deployment.address, "verifyInclusion", proof.call(), url)
    values = plain(proof) | {
        "header_bytes": plain(proof.header.encode()),
        "chain_id": deployment.chain_id,
        "contract": plain(deployment.address),
        "checked": True,
        "contract_confirms": confirmed,
        "cast": line,
    }
    # As text: other readers of JSON keep 53 bits.
    values["header"]["nonce"] = str(proof.header.nonce)
    if as_json:
        emit(True, values, "")
        return
    for text in _lines(values, proof, confirmed):
        console.print(text, markup=False, soft_wrap=True)


def _lines(values: dict[str, Any], proof: InclusionProof, confirmed: bool | None) -> list[str]:
    header, leaf = values["header"], values["sample"]
    confirmation = (
        []
        if confirmed is None
        else [f"The contract was asked and {'confirms' if confirmed else 'DENIES'} it."]
    )
    return [
        f"Sample {leaf['sample']} of party {leaf['owner']} is leaf {proof.index} (from 0) of {proof.leaf_count} in "
        f"block {proof.height}.",
        "",
        f"block hash    {values['block_hash']} = sha256d(header)",
        f"header        {values['header_bytes']}",
        *(f"  {name:<12} {value}" for name, value in header.items()),
        f"leaf          {values['leaf']} = sha256d(preimage)",
        f"preimage      {values['preimage']}",
        f"  = 0x00 | 0x02 | sample id | owner {leaf['owner']} | commitment {leaf['commitment']} | index "
        f"{leaf['index']} | y {leaf['label']} | y- {leaf['wrong_label']}",
        f"siblings      {len(proof.siblings)}, lowest level first",
        *(f"  {each}" for each in values["siblings"]),
        "",
        "Checked here: the preimage, the siblings and the header give this block hash.",
        *confirmation,
        "Ask the contract yourself"
        + (":" if "--rpc-url" in values["cast"] else ", the chain's URL in ETH_RPC_URL:"),
        values["cast"],
    ]
