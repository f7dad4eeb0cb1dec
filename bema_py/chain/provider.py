"""JSON-RPC answers of the embedded chain, with a journal of every request that changes it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eth.exceptions import PyEVMError
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_tester import EthereumTester
from eth_tester.exceptions import AccountLocked, BlockNotFound, TransactionFailed
from eth_tester.exceptions import ValidationError as TesterValidationError
from eth_utils.address import to_canonical_address
from eth_utils.exceptions import ValidationError
from web3 import EthereumTesterProvider
from web3.providers.eth_tester.defaults import API_ENDPOINTS
from web3.types import RPCEndpoint, RPCResponse

from bema_py.chain.embedded import SteadyBackend
from bema_py.chain.errors import REVERTED, CallRevertedError, JournalDivergedError, JournalError
from bema_py.chain.journal import Entry, Journal, read_entries
from bema_py.core.types import hex0x

CHANGING = frozenset({"eth_sendTransaction", "eth_sendRawTransaction", "hardhat_mine"})
REFUSED = -32000
REFUSALS = (
    AccountLocked,
    BlockNotFound,
    PyEVMError,
    TesterValidationError,
    TransactionFailed,
    ValidationError,
)


class EmbeddedProvider(EthereumTesterProvider):
    """The embedded chain as any other JSON-RPC endpoint: refusals and reverts are answers, not exceptions.

    With a journal, a changing request is answered only when the disk has it. A chain opened only for reading
    is replayed from the journal and refuses to change.
    """

    def __init__(self, journal: Path | None, *, read_only: bool) -> None:
        super().__init__(EthereumTester(SteadyBackend()), _endpoints())
        self._journal: Journal | None = None
        self._read_only = read_only
        self._unrecorded = False
        if journal is None:
            return
        genesis = self._result("eth_getBlockByNumber", ["earliest", False])["hash"]
        if read_only:
            self._replay(journal, dict(read_entries(journal, genesis)))
        else:
            self._journal = Journal(journal, genesis)
            try:
                self._replay(journal, dict(self._journal.entries()))
            except BaseException:
                self._journal.close()
                raise

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Answer one request; a refusal or a revert becomes an error answer as a node would send it."""
        try:
            if method in CHANGING:
                return self._change(method, params)
            return super().make_request(method, params)
        except CallRevertedError as error:
            return _refused(REVERTED, "execution reverted", hex0x(error.data))
        except REFUSALS as error:
            return _refused(REFUSED, str(error) or type(error).__name__)

    def close(self) -> None:
        """Release the journal."""
        if self._journal is not None:
            self._journal.close()

    def _change(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        if self._read_only:
            return _refused(REFUSED, "the chain was opened only for reading")
        if self._unrecorded:
            return _refused(REFUSED, "the last transaction was interrupted: open the chain again")
        self._unrecorded = True  # stays so where an interrupt falls between executing and writing down
        try:
            response = super().make_request(method, params)
        except REFUSALS:
            self._unrecorded = False
            raise
        if self._journal is not None:
            self._journal.append(self._entry(method, params, response))
        self._unrecorded = False
        return response

    def _entry(self, method: str, params: Any, response: RPCResponse) -> Entry:
        head = self._head()
        return {
            "method": method,
            "params": [_plain(each) for each in params],
            "result": _plain(response.get("result")),
            "block": head["number"],
            "time": head["timestamp"],
            "hash": head["hash"],
        }

    def _replay(self, path: Path, entries: Mapping[int, Entry]) -> None:
        for line, recorded in entries.items():
            try:
                response = super().make_request(recorded["method"], recorded["params"])
                replayed = self._entry(recorded["method"], recorded["params"], response)
            except (KeyError, TypeError, CallRevertedError, *REFUSALS) as error:
                raise JournalError(path, line, f"cannot be replayed: {error}") from error
            for field, value in replayed.items():
                if recorded.get(field) != value:
                    raise JournalDivergedError(path, line, field, recorded.get(field), value)

    def _head(self) -> Mapping[str, Any]:
        return dict(self._result("eth_getBlockByNumber", ["latest", False]))

    def _result(self, method: str, params: list[Any]) -> Any:
        return super().make_request(RPCEndpoint(method), params)["result"]


def _endpoints() -> dict[str, dict[str, Callable[..., Any]]]:
    """Offer eth-tester's requests, less those that would change the chain past the journal."""
    eth = {**API_ENDPOINTS["eth"], "signTypedData_v4": _sign_typed_data}
    return {
        "web3": API_ENDPOINTS["web3"],
        "net": API_ENDPOINTS["net"],
        "eth": eth,
        "hardhat": {"mine": _mine},
        "debug": {
            "getRawHeader": lambda tester, given: hex0x(tester.backend.raw_header(int(given[0], 16))),
            "getRawBlock": lambda tester, given: hex0x(tester.backend.raw_block(int(given[0], 16))),
            "getRawReceipts": lambda tester, given: [
                hex0x(each) for each in tester.backend.raw_receipts(int(given[0], 16))
            ],
        },
    }


def _mine(tester: Any, params: list[str]) -> bool:
    tester.mine_blocks(int(params[0], 16))
    return True


def _sign_typed_data(tester: Any, params: list[Any]) -> str:
    account, message = params
    key = tester.backend._key_lookup.get(to_canonical_address(account))
    if key is None:
        raise ValidationError(f"no key of account {account}")
    signed = Account.sign_message(encode_typed_data(full_message=message), key.to_bytes())
    return hex0x(bytes(signed.signature))


def _refused(code: int, message: str, data: str = "") -> RPCResponse:
    return {"id": "0", "jsonrpc": "2.0", "error": {"code": code, "message": message, "data": data}}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hex0x(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return value
