"""`bema miner`: build blocks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bema_py.cli.opening import open_network, open_signer
from bema_py.cli.output import JsonOption, console, emit, errors, progress
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.core.types import hex0x
from bema_py.roles.batches import eligible
from bema_py.roles.block_miner import BlockMiner, MinedBlock, StaleBlockError
from bema_py.roles.hearing import no_statements
from bema_py.roles.network import Network, read_ledger
from bema_py.roles.statement_files import statements_in


def run(
    blocks: Annotated[int, typer.Option(min=1, help="How many blocks to mine.")] = 1,
    confirmations: Annotated[
        int, typer.Option(min=1, help="Ethereum blocks to wait for after a reveal.")
    ] = 1,
    empty: Annotated[
        bool, typer.Option(help="Mine also when no batch waits, for example to admit members.")
    ] = False,
    statements: Annotated[
        Path | None, typer.Option(help="Where founders leave their statements about batches (data witness).")
    ] = None,
    profile: ProfileOption = Path("bema.toml"),
    as_json: JsonOption = False,
) -> None:
    """Verify the tip, gather revealed batches, calibrate, search the nonce and submit.

    Example: bema miner run --profile miner.toml --blocks 3
    """
    settings = load_profile(profile)
    network = open_network(settings)
    chain = network.contract.chain
    source = no_statements if statements is None else statements_in(statements)
    miner = BlockMiner(network, open_signer(settings, chain), confirmations, source)
    rows: list[dict[str, Any]] = []
    while len(rows) < blocks:
        if not empty and not _waiting(network):
            errors.print("no revealed batch waits; mine an empty block with --empty")
            break
        chain.advance(confirmations)
        try:
            mined = _mine(miner, as_json)
        except StaleBlockError as error:
            errors.print(f"{error}; starting again on the new tip")
            continue
        rows.append(_row(mined))
        if not as_json:
            console.print(_sentence(rows[-1]), soft_wrap=True)
    emit(as_json, {"blocks": rows}, f"{len(rows)} of {blocks} blocks mined")


def _waiting(network: Network) -> bool:
    """Whether a revealed batch of an author waits for a block."""
    history = network.history()
    ledger = read_ledger(network, history)
    authors = {party.party for party in history.authors_at(ledger.height + 1)}
    later = network.contract.chain.head().timestamp + 1
    return bool(eligible(history.batches, authors, ledger.listed, later))


def _mine(miner: BlockMiner, quiet: bool) -> MinedBlock:
    with progress(quiet) as bars:
        samples = bars.add_task("verifying, judging, calibrating", total=None)
        nonces = bars.add_task("searching the nonce", total=None)
        return miner.mine(
            on_sample=lambda stage, done, total: bars.update(
                samples, description=stage, completed=done, total=total
            ),
            on_hashes=lambda tries: bars.update(nonces, completed=tries),
        )


def _row(mined: MinedBlock) -> dict[str, Any]:
    record = mined.assembled.body.record
    return {
        "height": record.height,
        "hash": hex0x(mined.header.hash()),
        "batches": record.batch_count,
        "judged": record.judged,
        "used": record.used,
        "updates": record.updates,
        "left_out": {hex0x(commitment): reason for commitment, reason in mined.left_out.items()},
    }


def _sentence(row: dict[str, Any]) -> str:
    text = (
        f"block {row['height']} {row['hash']}: {row['batches']} batches, {row['judged']} samples judged, "
        f"{row['used']} used, {row['updates']} models changed"
    )
    left_out = "".join(
        f"\n  left out {commitment}: {reason}" for commitment, reason in row["left_out"].items()
    )
    return text + left_out
