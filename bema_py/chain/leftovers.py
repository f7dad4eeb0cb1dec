"""What earlier runs of an account sent and left without knowing its outcome, settled before anything new is sent.

Two calls are the same if account, receiver, data and value are: who killed a command and gives it again means the same
call, and so does a node that looks at the chain, does not yet see what it sent, and sends it again. The same call is
taken up. Another call means that its caller has looked at the chain and decided anew: what still waits for a block
comes first, and what never reached the chain is dropped, for the new call takes its nonce.
"""

import logging
from contextlib import suppress

from bema_py.chain.call import Call
from bema_py.chain.connection import Chain
from bema_py.chain.following import Follower, Outgoing, kept_until_known
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.send_errors import NonceTakenError
from bema_py.chain.signers import Signer

EARLIER = "an earlier run"
log = logging.getLogger(__name__)


def resume(chain: Chain, signer: Signer, call: Call, timeout: float) -> Outgoing | None:
    """Settle what was left, in order; give the first that is this very call, to be waited for by the caller.

    Raises `WaitTimeoutError` where no block takes what was left, `SentJournalError`.
    """
    journal, account = chain.sent, signer.address
    if journal is None:
        return None
    left = [
        Outgoing(EARLIER, each[-1].fields, [EthereumHash(one.hash) for one in each])
        for each in journal.left_behind(account)
    ]
    try:
        while left:
            if call.is_in(left[0].transaction):
                outgoing = left.pop(0)
                outgoing.function = call.function
                log.warning("%s was sent by an earlier run and is waited for", outgoing)
                return outgoing
            _settle(chain, signer, left.pop(0), timeout, last=not left)
    finally:
        for each in left:
            journal.let_go(account, each.nonce)
    return None


def _settle(chain: Chain, signer: Signer, outgoing: Outgoing, timeout: float, *, last: bool) -> None:
    """Wait for another call; the last one may be dropped, those before hold up the nonces after them."""
    follower = Follower(chain, signer, outgoing, 1, timeout)
    with kept_until_known(chain, signer.address, outgoing.nonce), suppress(NonceTakenError):
        if not last or follower.known():
            log.warning("%s is waited for first", outgoing)
            follower.wait(doubtful=True)
        else:
            log.warning("%s never reached the chain and is dropped", outgoing)
