"""Lies of miners, each hashed and mined anew: fields of leaves, bodies and headers, and whole cheats."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from auditing.manipulation import Manipulation, altered
from auditing.sealing import Work, assembled, consistent, sealed, sealed_block, work_at
from auditing.subject import Subject
from bema_py.core.block_body import BlockBody
from bema_py.core.encoding import decode, encode
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import CalibrationRecord, ModelUpdate, RewardLeaf, SampleLeaf, batches_digest
from bema_py.core.types import PartyType
from bema_py.core.witness import WitnessRules
from bema_py.learning.model import Model
from bema_py.roles.assembly import BlockContext
from bema_py.roles.batches import load_listed
from bema_py.roles.checks import Check
from bema_py.roles.content import ModelCache, card_of
from bema_py.roles.replay import replay

Lie = Callable[[Work], Subject]

LEAF_CHECKS: dict[type, Check] = {
    CalibrationRecord: Check.RECORD,
    SampleLeaf: Check.JUDGEMENT,
    ModelUpdate: Check.CALIBRATION,
    RewardLeaf: Check.REWARDS,
}
BODY_FIELDS = {
    "height": Check.RECORD,
    "parent": Check.RECORD,
    "record": Check.RECORD,
    "batches": Check.JUDGEMENT,
    "samples": Check.JUDGEMENT,
    "updates": Check.CALIBRATION,
    "rewards": Check.REWARDS,
}
"""A body without its first batch, sample, update or reward; a number or hash of it changed."""
HEADER_FIELDS = {
    "parent": Check.PARENT,
    "merkle_root": Check.ROOT,
    "miner_info": Check.MINER_INFO,
    "timestamp": Check.TIME,
    "nonce": Check.WORK,
}


def lie(name: str, check: Check | None, tell: Lie, reason: str = "") -> Manipulation:
    """A row about a false block of height 3."""
    return Manipulation(f"miner: {name}", check, lambda base: tell(work_at(base)), reason)


def leaf_rows() -> Iterator[Manipulation]:
    """Each field of each kind of leaf, of the body, and of the header."""
    for field in fields(CalibrationRecord):
        yield lie(f"record.{field.name}", Check.RECORD, _record(field.name))
    for kind, name in ((SampleLeaf, "samples"), (ModelUpdate, "updates"), (RewardLeaf, "rewards")):
        for field in fields(kind):
            yield lie(f"{name}[0].{field.name}", LEAF_CHECKS[kind], _leaf(name, field.name))
    for field in fields(BlockBody):
        yield lie(f"body {field.name}", BODY_FIELDS[field.name], _body(field.name))
    for field in fields(BlockHeader):
        yield lie(f"header {field.name}", HEADER_FIELDS[field.name], _header(field.name))
    yield lie("header timestamp before the parent's submission", Check.TIME, _early)


def _record(field: str) -> Lie:
    def tell(work: Work) -> Subject:
        record = work.body.record
        value = PartyType.REGULAR if field == "party_type" else altered(getattr(record, field))
        # A digest that names no statements would be missing content: here it says that there are none.
        value = bytes(32) if field == "statements" else value
        return sealed(work, replace(work.body, record=replace(record, **{field: value})))

    return tell


_KEYS = {"samples": "sample", "updates": "party", "rewards": "account"}


def _leaf(name: str, field: str) -> Lie:
    def tell(work: Work) -> Subject:
        first, *rest = getattr(work.body, name)
        numbers = {"owner": 77, "party": 77}
        other = replace(first, **{field: numbers.get(field) or altered(getattr(first, field))})
        leaves = sorted([other, *rest], key=lambda leaf: getattr(leaf, _KEYS[name]))
        models = {}
        if (name, field) == ("updates", "new"):
            party = first.party
            models = {party: nudged(work.context.models[party])}
        return sealed(work, consistent(work.body, **{name: tuple(leaves)}), models=models)

    return tell


def _body(field: str) -> Lie:
    def tell(work: Work) -> Subject:
        value = getattr(work.body, field)
        if field == "record":
            return sealed(work, replace(work.body, record=replace(value, judged=value.judged + 1)))
        if field == "batches":
            other = value[1:]
            record = replace(work.body.record, batches=batches_digest(other), batch_count=len(other))
            return sealed(work, replace(work.body, batches=other, record=record))
        return sealed(
            work, consistent(work.body, **{field: value[1:] if isinstance(value, tuple) else altered(value)})
        )

    return tell


def _header(field: str) -> Lie:
    def change(header: BlockHeader) -> BlockHeader:
        value = getattr(header, field)
        return replace(header, **{field: value + 1000 if field == "timestamp" else altered(value)})

    def bad_nonce(work: Work) -> Subject:
        header = BlockHeader.decode(work.event.header)
        while int.from_bytes(header.hash(), "big") < work.event.target:
            header = replace(header, nonce=header.nonce + 1)
        return sealed(work, work.body, header=lambda _: header, mine=False)

    return bad_nonce if field == "nonce" else lambda work: sealed(work, work.body, header=change)


def _early(work: Work) -> Subject:
    return sealed(work, work.body, header=lambda header: replace(header, timestamp=header.timestamp - 10**6))


def nudged(model: Model) -> Model:
    """The model with one parameter moved by 2^-28."""
    first = model.theta[0].copy()
    first.flat[7] += 1
    return Model(model.architecture, model.classes, (first, *model.theta[1:]))


Cheat = tuple[str, Check, Lie]


def cheat_rows() -> Iterator[Manipulation]:
    """Miners that compute a whole block by something else than the rules and the history."""
    for name, check, tell in CHEATS:
        yield lie(name, check, tell)
    for rule, (value, check) in RULE_CHEATS.items():
        yield lie(f"calibrates by another {rule} and hides it", check, _other_rule(rule, value))
    for field in fields(WitnessRules):
        witness_value, expected, reason = WITNESS_CHEATS[field.name]
        name = f"calibrates by another witness.{field.name} and hides it"
        yield lie(name, expected, _other_witness(field.name, witness_value), reason)


def _context(change: Callable[[Work], Callable[[BlockContext], BlockContext]]) -> Lie:
    return lambda work: sealed_block(work, assembled(work, change(work)))


def _skips(work: Work) -> Callable[[BlockContext], BlockContext]:
    skipped = work.body.samples[0].sample
    return lambda context: replace(context, used={*context.used, skipped})


def _nudges(work: Work) -> Subject:
    block = assembled(work, lambda honest: honest)
    party = block.body.updates[0].party
    model = nudged(block.calibration.models[party])
    changed = replace(
        block, calibration=replace(block.calibration, models={**block.calibration.models, party: model})
    )
    digest = card_of(model)[0].digest()
    updates = tuple(replace(each, new=digest) if each.party == party else each for each in block.body.updates)
    return sealed_block(work, replace(changed, body=replace(block.body, updates=updates)))


def _reward(work: Work, change: Callable[[tuple[RewardLeaf, ...]], tuple[RewardLeaf, ...]]) -> Subject:
    return sealed(work, consistent(work.body, rewards=change(work.body.rewards)))


def _friend(rewards: tuple[RewardLeaf, ...]) -> tuple[RewardLeaf, ...]:
    return tuple(sorted((*rewards, RewardLeaf(b"\x77" * 20, 1)), key=lambda leaf: leaf.account))  # type: ignore[arg-type]


def _lists_again(work: Work) -> Subject:
    earlier = next(iter(work.ledger.listed))
    again = load_listed(work.subject.store, replay(work.subject.events).batches[earlier], work.context.rules)
    return sealed_block(work, assembled(work, lambda honest: honest, (*work.listed, again)))


def _lists_twice(work: Work) -> Subject:
    plain: Any = decode(work.body.to_bytes(), max_size=2**26)
    plain["batches"] = [plain["batches"][0], *plain["batches"]]
    return sealed(work, work.body, encoded=encode(plain))


def _unordered(work: Work) -> Subject:
    plain: Any = decode(work.body.to_bytes(), max_size=2**26)
    plain["samples"] = plain["samples"][::-1]
    return sealed(work, work.body, encoded=encode(plain))


def _swaps(work: Work) -> Subject:
    first, second, *rest = work.body.updates
    swapped = (replace(first, new=second.new), replace(second, new=first.new), *rest)
    return sealed(work, consistent(work.body, updates=swapped))


def _stale(work: Work) -> Callable[[BlockContext], BlockContext]:
    cache, parties = ModelCache(work.subject.store), replay(work.subject.events).parties
    models = {party: cache.load(parties[party].model_card) for party in work.context.models}
    return lambda context: replace(context, models=models)


def _unheard(work: Work) -> Subject:
    listed = tuple(replace(each, statements=()) for each in work.listed)
    return sealed_block(work, assembled(work, lambda honest: honest, listed))


def _forged_statement(work: Work) -> Subject:
    listed = []
    for each in work.listed:
        forged = tuple(
            replace(
                signed, statement=replace(signed.statement, distances=bytes(len(signed.statement.distances)))
            )
            for signed in each.statements
        )
        listed.append(replace(each, statements=forged))
    return sealed_block(work, assembled(work, lambda honest: honest, tuple(listed)))


def _other_rule(rule: str, value: object) -> Lie:
    return _context(lambda _: lambda context: replace(context, rules=replace(context.rules, **{rule: value})))


def _other_witness(field: str, value: object) -> Lie:
    def change(context: BlockContext) -> BlockContext:
        assert context.rules.witness is not None
        witness = replace(context.rules.witness, **{field: value})
        return replace(context, rules=replace(context.rules, witness=witness))

    return _context(lambda _: change)


def _open_rules(work: Work) -> Subject:
    rules = replace(work.context.rules, delta=1)
    return sealed(work, replace(work.body, record=replace(work.body.record, rules=rules.digest())))


def _without_recalled(_: Work) -> Callable[[BlockContext], BlockContext]:
    return lambda context: replace(context, recalled=())


def _without_member(_: Work) -> Callable[[BlockContext], BlockContext]:
    def change(context: BlockContext) -> BlockContext:
        last = context.members[-1].party
        models = {party: model for party, model in context.models.items() if party != last}
        return replace(context, members=context.members[:-1], models=models)

    return change


CHEATS: tuple[Cheat, ...] = (
    ("skips a valid sample of a batch it listed", Check.JUDGEMENT, _context(_skips)),
    ("moves one parameter by 2^-28", Check.CALIBRATION, _nudges),
    (
        "starts from nudged parents",
        Check.CALIBRATION,
        _context(
            lambda _: (
                lambda context: replace(context, models={p: nudged(m) for p, m in context.models.items()})
            )
        ),
    ),
    ("starts from the models as registered", Check.CALIBRATION, _context(_stale)),
    ("leaves a member out of the calibration", Check.CALIBRATION, _context(_without_member)),
    ("recalls no earlier sample", Check.CALIBRATION, _context(_without_recalled)),
    (
        "recalls one earlier sample less",
        Check.CALIBRATION,
        _context(lambda _: lambda context: replace(context, recalled=context.recalled[1:])),
    ),
    ("swaps two parties' new models", Check.CALIBRATION, _swaps),
    (
        "allots itself one wei more",
        Check.REWARDS,
        lambda work: _reward(
            work,
            lambda leaves: tuple(
                replace(leaf, cumulative=leaf.cumulative + 1) if leaf.account == work.event.miner else leaf
                for leaf in leaves
            ),
        ),
    ),
    ("allots a friend one wei", Check.REWARDS, lambda work: _reward(work, _friend)),
    ("allots nothing", Check.REWARDS, lambda work: _reward(work, lambda _: ())),
    ("lists a batch of an earlier block again", Check.BATCHES, _lists_again),
    ("lists a batch twice in one block", Check.BODY, _lists_twice),
    ("puts its sample leaves out of order", Check.BODY, _unordered),
    ("names other rules in its record", Check.RECORD, _open_rules),
    ("hears no founder about its batches", Check.STATEMENTS, _unheard),
    ("forges what founders stated", Check.STATEMENTS, _forged_statement),
)

RULE_CHEATS: dict[str, tuple[object, Check]] = {
    "alpha": ((1, 2), Check.JUDGEMENT),
    "delta": (2**22, Check.JUDGEMENT),
    "sigma": (2**18, Check.JUDGEMENT),
    "step_initial": (2**24 + 2**12, Check.CALIBRATION),
    "step_decay": (2**30 - 2**25, Check.CALIBRATION),
    "step_minimum": (2**24, Check.CALIBRATION),
    "cap": (2**10, Check.CALIBRATION),
    "mode": ("h", Check.CALIBRATION),
    "wrong_class": ("literal", Check.JUDGEMENT),
    "learners": ("members", Check.CALIBRATION),
    "round_size": (1, Check.CALIBRATION),
    "shift": (1, Check.CALIBRATION),
    "max_samples": (2, Check.JUDGEMENT),
    "class_quota": (1, Check.JUDGEMENT),
    "block_reward": (401, Check.REWARDS),
    "sample_reward": (31, Check.REWARDS),
}
"""What a miner calibrates by instead, and the check that must name it."""

OTHERWISE = {
    "classes": "another number of classes is no calibration of these models at all",
    "input": "another size of samples is no calibration of these models at all",
    "tau": "no sample of this block fails by its margin alone: the cheats with delta and sigma stand for judgement",
    "max_batch_samples": "it voids a batch before anything is calibrated",
    "replay": "it enters by the samples recalled: see the rows about those",
    "rehearsal": "it enters by the samples recalled: see the rows about those",
    "public_set": "it enters by the samples recalled: see the rows about those",
    "suspended_models": "it enters by the members: see the row about one left out",
    "witness": "see the rows about each of its fields",
}
"""Rules that a miner breaks by something else than calibrating by another value."""

NOT_IN_A_BLOCK = "no block depends on it: it decides suspensions, which check 802 recomputes"
WITNESS_CHEATS: dict[str, tuple[object, Check | None, str]] = {
    "feature": (
        "strokes",
        None,
        "only founders compute features; their statements are what a block rests on",
    ),
    "references": (
        (bytes(32),) * 2,
        None,
        "only disputes open references; statements are what a block rests on",
    ),
    "witnesses": (2, None, "it decides who must be heard: see the row about a miner that hears nobody"),
    "ratio": ((1, 4), Check.JUDGEMENT, ""),
    "farthest": (1, Check.JUDGEMENT, ""),
    "penalty": (1, None, NOT_IN_A_BLOCK),
    "relief": (1, None, NOT_IN_A_BLOCK),
    "limit": (1, None, NOT_IN_A_BLOCK),
}
"""The same for the rules of the data witness; where nothing changes, why."""
