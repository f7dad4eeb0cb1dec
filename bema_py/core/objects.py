"""The stored objects but the rules: model card, batch and block body."""

from bema_py.core.batch import Batch, Sample, check_batch
from bema_py.core.block_body import BlockBody
from bema_py.core.model_card import ModelCard

__all__ = ["Batch", "BlockBody", "ModelCard", "Sample", "check_batch"]
