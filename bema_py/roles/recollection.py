"""Which samples the next block calibrates with again: earlier used ones, and some of the public set. **Extension**."""

from collections.abc import Collection, Sequence

from bema_py.core.batch import Sample
from bema_py.core.errors import MalformedError
from bema_py.core.leaves import SampleLeaf, processing_key
from bema_py.core.rules import Rules
from bema_py.core.types import BlockHash, Digest, PartyId, hex0x
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
    """Give what the block on this ledger calibrates with again; the store is read only for what is drawn.

    Raises EarlierSampleError and the store's errors.
    """
    height = ledger.height + 1
    parent, _ = history.parent_of(height)
    authors = {party.party for party in history.authors_at(height)}
    public = load_public_set(store, Digest(rules.public_set), rules).samples if rules.rehearsal else ()
    replayed = replay_draw(ledger, authors, rules, parent)
    return (
        *(candidate(parent, load_used(store, history, leaf, rules)) for leaf in replayed),
        *(candidate(parent, sample) for sample in rehearsal_draw(public, rules, parent)),
    )


def replay_draw(
    ledger: Ledger, authors: Collection[PartyId], rules: Rules, parent: BlockHash
) -> list[SampleLeaf]:
    """Draw among the samples used on this chain whose owners are still authors."""
    classes = {name: leaf.label for name, leaf in ledger.used.items() if leaf.owner in authors}
    return [ledger.used[name] for name in drawn(classes, parent, rules.replay)]


def rehearsal_draw(public: Sequence[Sample], rules: Rules, parent: BlockHash) -> list[Sample]:
    """Draw among the samples of the public set."""
    samples = {sample.id(): sample for sample in public}
    classes = {name: sample.y for name, sample in samples.items()}
    return [samples[name] for name in drawn(classes, parent, rules.rehearsal)]


def load_used(store: ContentStore, history: History, leaf: SampleLeaf, rules: Rules) -> Sample:
    """Read a used sample from the batch that its leaf names; raises EarlierSampleError."""
    on_chain = history.batches.get(leaf.commitment)
    if on_chain is None:
        raise EarlierSampleError(leaf)
    samples = load_listed(store, on_chain, rules).batch.samples
    if leaf.index >= len(samples) or samples[leaf.index].id() != leaf.sample:
        raise EarlierSampleError(leaf)
    return samples[leaf.index]


def candidate(parent: BlockHash, sample: Sample) -> CandidateSample:
    """Give a sample its place in the processing order of the block on this parent."""
    name = sample.id()
    return CandidateSample(name, processing_key(parent, name), sample.x, sample.y)
