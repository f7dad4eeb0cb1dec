"""Which samples the next block calibrates with again: earlier used ones, and some of the public set. **Extension**."""

from bema_py.core.errors import MalformedError
from bema_py.core.leaves import SampleLeaf, processing_key
from bema_py.core.rules import Rules
from bema_py.core.types import BlockHash, Digest, SampleId, hex0x
from bema_py.learning.candidates import CandidateSample
from bema_py.learning.recall import drawn
from bema_py.roles.batches import load_listed
from bema_py.roles.content import load_public_set
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.storage.content_store import ContentStore


class EarlierSampleError(MalformedError):
    """A sample that an earlier block claims to have used does not stand where its leaf says."""

    def __init__(self, leaf: SampleLeaf) -> None:
        """Keep the leaf."""
        super().__init__(
            f"sample {hex0x(leaf.sample)}, used in an earlier block, is not at index {leaf.index} "
            f"of a revealed batch {hex0x(leaf.commitment)}"
        )
        self.leaf = leaf


def recalled_samples(
    store: ContentStore, history: History, ledger: Ledger, rules: Rules
) -> tuple[CandidateSample, ...]:
    """Give what the block on this ledger replays and rehearses, drawn by its parent's hash.

    Nothing is read where the rules recall nothing. Raises EarlierSampleError and the store's errors.
    """
    parent, _ = history.parent_of(ledger.height + 1)
    replayed = _replayed(store, history, ledger, rules, parent) if rules.replay else ()
    rehearsed = _rehearsed(store, rules, parent) if rules.rehearsal else ()
    return (*replayed, *rehearsed)


def _replayed(
    store: ContentStore, history: History, ledger: Ledger, rules: Rules, parent: BlockHash
) -> tuple[CandidateSample, ...]:
    """Draw among the samples used on this chain whose owners are still members."""
    members = {party.party for party in history.members_at(ledger.height + 1)}
    classes = {name: leaf.label for name, leaf in ledger.used.items() if leaf.owner in members}
    return tuple(
        _candidate(parent, name, _content(store, history, ledger.used[name], rules), classes[name])
        for name in drawn(classes, parent, rules.replay)
    )


def _content(store: ContentStore, history: History, leaf: SampleLeaf, rules: Rules) -> bytes:
    on_chain = history.batches.get(leaf.commitment)
    if on_chain is None:
        raise EarlierSampleError(leaf)
    samples = load_listed(store, on_chain, rules).batch.samples
    if leaf.index >= len(samples) or samples[leaf.index].id() != leaf.sample:
        raise EarlierSampleError(leaf)
    return samples[leaf.index].x


def _rehearsed(store: ContentStore, rules: Rules, parent: BlockHash) -> tuple[CandidateSample, ...]:
    samples = {
        sample.id(): sample for sample in load_public_set(store, Digest(rules.public_set), rules).samples
    }
    chosen = drawn({name: sample.y for name, sample in samples.items()}, parent, rules.rehearsal)
    return tuple(_candidate(parent, name, samples[name].x, samples[name].y) for name in chosen)


def _candidate(parent: BlockHash, sample: SampleId, x: bytes, y: int) -> CandidateSample:
    return CandidateSample(sample, processing_key(parent, sample), x, y)
