"""Models, batches and rules as content: what is published under which digest, and how it is read back."""

from collections import OrderedDict
from functools import lru_cache

from bema_py.core import unixfs
from bema_py.core.batch import Batch
from bema_py.core.block_body import MAX_BODY_SIZE, BlockBody
from bema_py.core.errors import MalformedError
from bema_py.core.hashing import sha256
from bema_py.core.model_card import MAX_CARD_SIZE, ModelCard
from bema_py.core.parameter_file import decode_parameters, encode_parameters, parameter_file_size
from bema_py.core.public_set import MAX_PUBLIC_SET_SIZE, PublicSet
from bema_py.core.rules import MAX_BATCH_SIZE, MAX_RULES_SIZE, Rules
from bema_py.core.types import Digest, ModelDigest, hex0x
from bema_py.learning.model import Model
from bema_py.storage.content_store import ContentStore

_file_size = lru_cache(parameter_file_size)
"""A history has thousands of models of a few architectures."""


class ParametersDisagreeError(MalformedError):
    """The parameter file is not the one the model card describes."""

    def __init__(self, model: ModelDigest, stated: bytes, found: bytes) -> None:
        super().__init__(
            f"model {hex0x(model)}: its card states parameters {stated.hex()} (SHA-256), the file holds {found.hex()}"
        )
        self.model, self.stated, self.found = model, stated, found


def card_of(model: Model) -> tuple[ModelCard, bytes]:
    """Return a model's card and its canonical parameter file."""
    parameters = model.to_bytes()
    file = encode_parameters(model.architecture, parameters)
    cid, _ = unixfs.import_file(file)
    return ModelCard(model.architecture, model.classes, cid, sha256(parameters)), file


def publish_model(store: ContentStore, model: Model) -> ModelDigest:
    """Store a model's parameter file and card; the card's digest is the model digest."""
    card, file = card_of(model)
    store.put_file(file)
    return ModelDigest(store.put_object(card.to_bytes()))


def load_card(store: ContentStore, digest: ModelDigest) -> ModelCard:
    """Read and verify a model card."""
    return ModelCard.from_bytes(store.get_object(Digest(digest), max_size=MAX_CARD_SIZE))


def load_model(store: ContentStore, digest: ModelDigest) -> Model:
    """Read a model by its digest, verified from the card down to the last parameter."""
    card = load_card(store, digest)
    file = store.get_file(card.parameters, max_size=_file_size(card.architecture))
    parameters = decode_parameters(card.architecture, file)
    found = sha256(parameters)
    if found != card.parameters_sha256:
        raise ParametersDisagreeError(digest, card.parameters_sha256, found)
    return Model.from_bytes(card.architecture, card.classes, parameters)


class ModelCache:
    """Models by digest, read at most once while they stay among the most recent.

    A digest names exactly one model, so a cached model can never be stale.
    """

    def __init__(self, store: ContentStore, capacity: int = 256) -> None:
        self._store = store
        self._capacity = capacity
        self._models: OrderedDict[ModelDigest, Model] = OrderedDict()

    def make_room(self, capacity: int) -> None:
        """Keep so many models from now on."""
        self._capacity = capacity
        self._tidy()

    def load(self, digest: ModelDigest) -> Model:
        """Return the model with this digest, from memory or the store."""
        model = self._models.get(digest)
        if model is None:
            model = load_model(self._store, digest)
        self._remember(digest, model)
        return model

    def confirm(self, digest: ModelDigest, card: ModelCard, model: Model) -> None:
        """Check that the store holds a model that was computed, with its digest and its card, and remember it.

        The store holds every byte to digests that follow from the model, so nothing need be decoded again.
        """
        self._store.get_object(Digest(digest), max_size=MAX_CARD_SIZE)
        self._store.get_file(card.parameters, max_size=_file_size(card.architecture))
        self._remember(digest, model)

    def _remember(self, digest: ModelDigest, model: Model) -> None:
        self._models[digest] = model
        self._models.move_to_end(digest)
        self._tidy()

    def _tidy(self) -> None:
        while len(self._models) > self._capacity:
            self._models.popitem(last=False)


def load_rules(store: ContentStore, digest: Digest) -> Rules:
    """Read and validate the rules object of a deployment."""
    return Rules.from_bytes(store.get_object(digest, max_size=MAX_RULES_SIZE))


def load_batch(store: ContentStore, digest: Digest) -> Batch:
    """Read a batch by its content digest."""
    return Batch.from_bytes(store.get_object(digest, max_size=MAX_BATCH_SIZE))


def load_public_set(store: ContentStore, digest: Digest, rules: Rules) -> PublicSet:
    """Read the public set that the rules name, and check it against them."""
    public = PublicSet.from_bytes(store.get_object(digest, max_size=MAX_PUBLIC_SET_SIZE))
    public.check(rules)
    return public


def load_body(store: ContentStore, digest: Digest) -> BlockBody:
    """Read a block body by its digest."""
    return BlockBody.from_bytes(store.get_object(digest, max_size=MAX_BODY_SIZE))
