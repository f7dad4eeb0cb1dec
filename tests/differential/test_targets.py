"""Targets: retargeting over whole periods and easing between them, on the chain and in the Python twin."""

from chain_scenarios import TARGET, World, close_genesis, new_world, next_header, word
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import QUICK

from bema_py.chain.connection import Chain
from bema_py.core.difficulty import TargetRule, target_at
from bema_py.core.types import PartyType


@st.composite
def rules_of_targets(draw: st.DrawFn) -> TargetRule:
    """Rules whose targets start at 2^251, some thirty hashes a block, or anywhere up to all that 256 bits can say."""
    target = draw(st.integers(TARGET // 2, 2**256 - 1))
    return TargetRule(
        target=target,
        maximum=draw(st.integers(target, 2**256 - 1)),
        spacing=draw(st.integers(1, 4)),
        interval=4,
        patience=draw(st.integers(1, 3)),
    )


@settings(QUICK, max_examples=3)
@given(rule=rules_of_targets(), gaps=st.lists(st.integers(1, 14), min_size=9, max_size=9), data=st.data())
def test_targets(chain: Chain, rule: TargetRule, gaps: list[int], data: st.DataObject) -> None:
    world = deployed(chain, rule)
    start, submitted = world.contract.tip().submitted_at, []
    for gap in gaps:
        chain.advance(gap)
        now = chain.head().timestamp
        for time in (now + 1, start + data.draw(st.integers(0, 200)), data.draw(st.integers(0, 2**40))):
            assert world.contract.target_at(time) == target_at(rule, start, submitted, time)
        header = next_header(world, 0, PartyType.ORIGINAL, target=target_at(rule, start, submitted, now))
        done = world.contract.submit_block(world.account(0), header.encode(), word(7), 1)
        assert done.event.target == target_at(rule, start, submitted, done.receipt.block_time)
        submitted.append(done.receipt.block_time)


def deployed(chain: Chain, rule: TargetRule) -> World:
    world = new_world(
        chain,
        target=rule.target,
        max_target=rule.maximum,
        block_spacing=rule.spacing,
        retarget_interval=rule.interval,
        easing_spacings=rule.patience,
    )
    close_genesis(world)
    return world
