"""How a founder's node watches the chain: it recomputes every block and votes against what does not hold."""

from dataclasses import dataclass

from bema_py.chain.signers import Signer
from bema_py.node.desk import Desk
from bema_py.node.loop import BlockedError
from bema_py.node.voting import Voting
from bema_py.roles import original_party
from bema_py.roles.block_audit import BlockAudit
from bema_py.roles.failures import FailureRecord
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import ChainFollower, TipRefusedError

FALSE = "recomputing block {height} gives something else than it states"
WITHHELD = "the content of block {height} cannot be had"
WEEK = 604_800
"""Votes to suspend end with the week after the present one, so that founders who look at different times agree."""


@dataclass
class Judging:
    """Follows the chain block by block; at the first that does not hold it votes and goes no further.

    A block that is false is voted against at once, one whose content is missing when half its challenge window has
    passed. The reasons are fixed sentences: votes count together only where their reasons agree.
    """

    desk: Desk
    signer: Signer
    follower: ChainFollower
    failures: FailureRecord
    voting: Voting

    def follow(self, history: History) -> Ledger | None:
        """Return the ledger at the tip, or None at a block that the founder refuses."""
        try:
            ledger = self.follower.catch_up(history, on_block=self._take, progress=self.desk.on_progress)
        except TipRefusedError as error:
            self.desk.followed(history, error.height - 1)
            self._refuse(history, error)
            return None
        self.desk.followed(history, ledger.height)
        self._suspend_failing(history)
        return ledger

    def _take(self, result: BlockAudit) -> None:
        self.failures.take(result.event, result.counted)
        self.desk.log.info("block recomputed", height=result.event.height)

    def _refuse(self, history: History, error: TipRefusedError) -> None:
        now = self.desk.network.contract.chain.head().timestamp
        window = self.desk.network.deployment.parameters.challenge_window
        age = now - history.blocks[error.height - 1].position.time
        if age > window and error.missing:
            raise BlockedError(
                f"{error}; it is final, so nobody votes about it any more: fetch its content from another node. If "
                "nobody has it, found the network anew from the last block that holds"
            )
        if age > window:
            raise BlockedError(
                f"{error}; it is final, so the contract keeps it for ever: an audit fails there, and nobody who "
                "recomputes can build on it. Found the network anew from the last block that holds"
            )
        if error.missing and 2 * age < window:
            return
        reason = (WITHHELD if error.missing else FALSE).format(height=error.height)
        network = self.desk.network
        self.voting.sign(original_party.reject(network, self.signer, error.block_hash, reason))

    def _suspend_failing(self, history: History) -> None:
        now = self.desk.network.contract.chain.head().timestamp
        for party in self.failures.tip.failed:
            if not history.suspended(party):
                deadline = (now // WEEK + 2) * WEEK
                vote = original_party.suspend_failing(
                    self.desk.network, self.signer, party, history, self.failures.tip, deadline
                )
                self.voting.sign(vote)
