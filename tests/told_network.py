"""A tiny network in which everything happened that stories tell of: every fate of a sample, and of a block."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from cheating import lie
from tiny_network import OPEN, RULES, TinyNetwork, TinyParty, settle_accounts, tiny_network

from bema_py.core.batch import Sample
from bema_py.core.leaves import sample_id
from bema_py.core.types import Commitment
from bema_py.learning.margin import Verdict
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.sample_miner import commit, prepare_batch, reveal, samples_at
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.known_blocks import find_block
from bema_py.roles.stories.rebuilding import Fate, RebuiltBlock, Treatment, rebuild, treatments
from bema_py.roles.telling.words import Telling
from bema_py.storage.content_store import ContentStore

JUDGED = 2
"""The height of the block that judges samples of every party."""
TOLD = replace(RULES, delta=5 * 2**19, sigma=2**20, max_samples=3, class_quota=2)
"""Bounds that some of the patterns miss and others meet, and a block so small that some valid samples are too many."""


def offer(tiny: TinyNetwork, party: TinyParty, samples: Sequence[Sample]) -> Commitment:
    """Let a party commit to these samples, whatever they are, and reveal them."""
    pending = hold(tiny, party, samples)
    tiny.chain.advance(1)
    reveal(tiny.network, party.signer, party.outbox)
    return pending


def hold(tiny: TinyNetwork, party: TinyParty, samples: Sequence[Sample]) -> Commitment:
    """Let a party commit to these samples and reveal nothing."""
    pending = prepare_batch(tiny.network, party.number, tuple(samples), tiny.salt)
    commit(tiny.network, party.signer, party.outbox, pending, OPEN)
    return pending.commitment


def records(party: TinyParty, start: int, count: int) -> tuple[Sample, ...]:
    """Return some records of a party's data as samples."""
    return samples_at(party.data, range(start, start + count))


def told_network(directory: Path, store: ContentStore | None = None) -> TinyNetwork:
    """Play four blocks, a false one, a rejected one with a descendant, and a suspension.

    Block 1 is empty. Block 2 judges samples of every party, party 3 repeating some of party 1's; in block 3 party 4
    repeats one that block 2 used. At height 4 first a false block is rejected, then an honest one with its descendant.
    Party 4 is suspended with a batch that block 4 left out, and party 2 never reveals its last batch.
    """
    tiny = tiny_network(directory, store, rules=TOLD)
    first, second, third, fourth = tiny.parties
    worker = BlockMiner(tiny.network, tiny.miner)
    worker.mine()
    offer(tiny, first, records(first, 0, 16))
    offer(tiny, second, records(second, 0, 16))
    offer(tiny, third, (*records(first, 0, 4), *records(third, 0, 12)))
    offer(tiny, fourth, records(fourth, 0, 16))
    tiny.chain.advance(1)
    used = worker.mine().assembled.body.samples[0].sample
    spent = next(
        sample
        for party in tiny.parties
        for sample in records(party, 0, 16)
        if sample_id(sample.x, sample.y) == used
    )
    offer(tiny, fourth, (spent, *records(fourth, 16, 2)))
    tiny.chain.advance(1)
    worker.mine()
    lie(tiny)
    tiny.reject(4, "it counts a sample that nobody offered")
    worker.mine()
    worker.mine()
    tiny.reject(4, "for the [bold]test[/] \x1b[31m")
    offer(tiny, fourth, records(fourth, 30, 3))
    tiny.suspend(fourth, "it sends bogus samples")
    hold(tiny, second, records(second, 30, 3))
    with patch("bema_py.roles.block_miner.eligible", return_value=()):
        BlockMiner(tiny.network, tiny.stranger).mine()
    settle_accounts(tiny)
    return tiny


def built(archive: Archive, height: int) -> RebuiltBlock:
    """Compute the block of a height anew."""
    made = rebuild(archive, find_block(archive.history, str(height)))
    assert isinstance(made, RebuiltBlock)
    return made


def text(telling: Telling) -> str:
    """Give a story as one text."""
    return "\n".join([telling.title, *telling.lines])


def treated(archive: Archive, height: int, fate: Fate, verdict: Verdict | None = None) -> Treatment:
    """Find a sample of a block that had this fate, and verdict."""
    return next(
        each
        for each in treatments(built(archive, height))
        if each.fate is fate and (verdict is None or (each.judgement and each.judgement.verdict is verdict))
    )
