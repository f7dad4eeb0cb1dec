"""How founders' nodes decide together: each signs for itself, all ask one another, who sees a quorum sends it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bema_py.chain.errors import ContractRevertError
from bema_py.chain.signers import Signer
from bema_py.chain.votes import Motion, Rejection, Vote, check_vote
from bema_py.core.errors import BemaError
from bema_py.core.hashing import sha256
from bema_py.core.types import Address, PartyType, hex0x
from bema_py.node.desk import Desk
from bema_py.node.peers import Peer, PeerError, every_vote
from bema_py.node.server import OK, Answer, json_answer
from bema_py.roles.history import History
from bema_py.roles.original_party import carry
from bema_py.roles.requests import read_votes
from bema_py.storage.atomic_file import write_atomically


@dataclass
class Voting:
    """A founder's own votes that are not carried yet, one file each, and how they come to a quorum."""

    desk: Desk
    signer: Signer
    directory: Path
    peers: Sequence[Peer]

    def sign(self, vote: Vote) -> None:
        """Keep a vote and offer it to the other founders, unless that was done before."""
        data = json.dumps(vote.to_plain(), sort_keys=True).encode()
        motion = json.dumps(vote.to_plain() | {"signature": ""}, sort_keys=True).encode()
        path = self.directory / f"{sha256(motion).hex()}.json"
        if not path.exists():
            write_atomically(path, data, self.directory / "unfinished")
            self.desk.figures.votes.labels(vote.motion.NAME.lower()).inc()
            self.desk.log.warning("voted", motion=vote.motion.NAME.lower(), subject=_subject(vote.motion))

    def carry_on(self, history: History) -> list[str]:
        """Send what has a quorum, drop what is settled; return what is waited for."""
        waits = []
        for path, vote in list(votes_in(self.directory)):
            if self._settled(history, vote.motion):
                path.unlink(missing_ok=True)
                continue
            votes = self._gather(history, vote)
            quorum = self.desk.network.deployment.parameters.quorum
            if len(votes) < quorum:
                what = f"{vote.motion.NAME.lower()} of {_subject(vote.motion)}"
                waits.append(f"founders' votes on the {what}: {len(votes)} of {quorum}")
                continue
            self._send(votes)
        return waits

    def _send(self, votes: Sequence[Vote]) -> None:
        try:
            carry(self.desk.network, self.signer, votes)
        except ContractRevertError as error:
            # Another founder's transaction was faster; the next look at the chain shows it.
            self.desk.figures.transactions.labels("refused").inc()
            self.desk.log.warning("votes not taken", reason=str(error))
        else:
            self.desk.log.warning("votes sent", subject=_subject(votes[0].motion), signers=len(votes))

    def _gather(self, history: History, own: Vote) -> list[Vote]:
        deployment = self.desk.network.deployment
        founders = _judges(history)
        faults: list[PeerError] = []
        counting = {own.signer: own}
        for vote in every_vote(self.peers, faults):
            if vote.motion != own.motion or vote.signer not in founders:
                continue
            try:
                check_vote(deployment.chain_id, deployment.address, vote)
            except BemaError as error:
                self.desk.log.warning("vote does not count", signer=hex0x(vote.signer), reason=str(error))
                continue
            counting[vote.signer] = vote
        for fault in faults:
            self.desk.log.warning("founder not reached", reason=str(fault))
        return list(counting.values())

    def _settled(self, history: History, motion: Motion) -> bool:
        now = self.desk.network.contract.chain.head().timestamp
        if isinstance(motion, Rejection):
            block = next((each for each in history.blocks if each.block_hash == motion.block_hash), None)
            window = self.desk.network.deployment.parameters.challenge_window
            return block is None or block.position.time + window < now
        party = history.party_of(motion.account)
        return party is None or history.suspended(party.party) or motion.deadline < now


def serve_votes(directory: Path) -> Answer:
    """Give a founder's own votes to whoever asks: they are signed to be shown."""
    return json_answer(OK, {"votes": [vote.to_plain() for _, vote in votes_in(directory)]})


def votes_in(directory: Path) -> Iterator[tuple[Path, Vote]]:
    """Yield the votes kept in a directory, each with its file."""
    for path in sorted(directory.glob("*.json")):
        yield path, read_votes([path])[0]


def _judges(history: History) -> set[Address]:
    return {
        party.account
        for party in history.parties.values()
        if party.party_type is PartyType.ORIGINAL and not history.suspended(party.party)
    }


def _subject(motion: Motion) -> str:
    return hex0x(motion.block_hash if isinstance(motion, Rejection) else motion.account)
