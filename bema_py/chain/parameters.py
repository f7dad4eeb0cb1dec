"""What a deployment fixes for ever."""

from dataclasses import dataclass

from bema_py.core.difficulty import TargetRule
from bema_py.core.types import Digest


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The constructor's values in its order: see `IBema.Parameters`. Without bond and reward there is no money.

    target: of the first period. max_target: neither retargeting nor easing goes beyond it. block_spacing: seconds
    between two blocks. retarget_interval: blocks in a period. easing_spacings: spacings without a block after which
    the target doubles with every further one. challenge_window: seconds in which a block can be rejected. quorum:
    founders that must sign. bond, max_reward_per_block: wei a block.
    """

    rules_digest: Digest
    classes: int
    approvals_per_class: int
    commitment_expiry: int
    target: int
    max_target: int
    block_spacing: int
    retarget_interval: int = 144
    easing_spacings: int = 6
    challenge_window: int
    quorum: int
    bond: int = 0
    max_reward_per_block: int = 0

    @property
    def target_rule(self) -> TargetRule:
        """The part of it that targets follow from."""
        return TargetRule(
            target=self.target,
            maximum=self.max_target,
            spacing=self.block_spacing,
            interval=self.retarget_interval,
            patience=self.easing_spacings,
        )
