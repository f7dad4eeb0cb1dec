"""`bema status`: where a network stands."""

from pathlib import Path
from typing import Any

from bema_py.cli.opening import open_network
from bema_py.cli.output import JsonOption, console, emit, table
from bema_py.cli.profile import ProfileOption, load_profile
from bema_py.core.rules import Rules
from bema_py.core.types import classes_of, hex0x
from bema_py.roles.history import History


def status(profile: ProfileOption = Path("bema.toml"), as_json: JsonOption = False) -> None:
    """Show the deployment, its parties, waiting batches and newest blocks.

    Example: bema status --profile party.toml --json
    """
    network = open_network(load_profile(profile))
    history = network.history()
    parties, blocks = _parties(history, network.rules), _blocks(history)
    values = {
        "chain_id": network.deployment.chain_id,
        "contract": hex0x(network.deployment.address),
        "genesis_closed": history.genesis is not None,
        "parties": parties,
        "batches_committed": len(history.batches),
        "batches_revealed": sum(1 for batch in history.batches.values() if batch.opening),
        "blocks": blocks,
        "orphaned_blocks": len(history.orphans),
        "pool_funded": str(history.funding[-1].funded if history.funding else 0),
    }
    text = (
        f"contract {values['contract']} on chain {values['chain_id']}, genesis phase "
        f"{'closed' if history.genesis else 'open'}; {len(blocks)} blocks; "
        f"{values['batches_revealed']} of {values['batches_committed']} batches revealed"
    )
    emit(as_json, values, text)
    if not as_json and parties:
        console.print(table("parties", tuple(parties[0]), [tuple(row.values()) for row in parties]))
    if not as_json and blocks:
        console.print(table("newest blocks", tuple(blocks[0]), [tuple(row.values()) for row in blocks[-10:]]))


def _parties(history: History, rules: Rules) -> list[dict[str, Any]]:
    members = history.members_at(len(history.blocks) + 1, rules) if history.genesis else ()
    return [
        {
            "party": party.party,
            "account": hex0x(party.account),
            "kind": party.party_type.name.lower(),
            "held_classes": list(classes_of(party.held_classes)),
            "member_of_next_block": party in members,
            "suspended": history.suspended(party.party),
        }
        for _, party in sorted(history.parties.items())
    ]


def _blocks(history: History) -> list[dict[str, Any]]:
    return [
        {
            "height": event.height,
            "hash": hex0x(event.block_hash),
            "miner": hex0x(event.miner),
            "time": event.position.time,
        }
        for event in history.blocks
    ]
