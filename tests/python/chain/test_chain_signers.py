"""Keys: kept out of sight, and as good as the node's own accounts."""

import copy
import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from chain_scenarios import LOW, World, card, new_world, node_signer

from bema_py.chain.call import Call
from bema_py.chain.connection import Chain
from bema_py.chain.deployment import deploy, open_contract
from bema_py.chain.errors import (
    ChainResponseError,
    ContractRevertError,
    KeystoreError,
    PasswordError,
)
from bema_py.chain.keystore import (
    create_keystore,
    open_keystore,
    password_from_environment,
    password_from_file,
)
from bema_py.chain.parameters import Parameters
from bema_py.chain.signers import LocalSigner, local_signer
from bema_py.chain.transactions import send
from bema_py.core.types import Address

KEY = b"\x42" * 32
FAST = 2


def password(text: str = "correct horse") -> Callable[[], str]:
    return lambda: text


def give_ether(chain: Chain, to: Address) -> None:
    funder = node_signer(chain, 8)
    transaction = {"to": "0x" + to.hex(), "value": 10**18, "gas": 21_000}
    funder.send(chain, transaction)


def test_a_key_of_ones_own_registers_a_party(chain: Chain) -> None:
    signer = local_signer(KEY)
    give_ether(chain, signer.address)
    deployment = deploy(
        chain,
        signer,
        Parameters(
            rules_digest=card(9),
            classes=5,
            approvals_per_class=1,
            commitment_expiry=5,
            target=1 << 250,
            max_target=1 << 250,
            block_spacing=600,
            challenge_window=600,
            quorum=1,
        ),
        founders=[(signer.address, LOW)],
    )
    contract = open_contract(chain, deployment)
    for number in range(3):
        contract.revoke_approval(signer, number) if number else contract.register_original_party(
            signer, card(1), LOW
        )
    assert contract.party_of(signer.address) == 1
    with pytest.raises(ContractRevertError, match="AlreadyRegistered"):
        contract.register_original_party(signer, card(1), LOW, gas=300_000)


def test_a_key_without_ether_is_refused_by_the_node(world: World) -> None:
    with pytest.raises(ChainResponseError) as caught:
        world.contract.revoke_approval(local_signer(KEY), 1, gas=100_000)
    assert caught.value.exit_code == 3


def test_sending_the_same_bytes_twice_is_no_error(chain: Chain) -> None:
    signer = local_signer(KEY)
    give_ether(chain, signer.address)
    fields = {
        "to": "0x" + "22" * 20,
        "value": 1,
        "gas": 21_000,
        "nonce": 0,
        "chainId": chain.chain_id,
        "maxFeePerGas": 2 * 10**9,
        "maxPriorityFeePerGas": 10**9,
    }
    first = signer.send(chain, fields)
    number = chain.head().number
    assert signer.send(chain, fields) == first
    assert chain.head().number == number


def test_a_key_never_shows() -> None:
    signer = local_signer(KEY)
    for shown in (repr(signer), str(signer), f"{signer}"):
        assert KEY.hex() not in shown
        assert signer.address.hex() in shown
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not to be copied"):
            leak(signer)
    assert not hasattr(signer, "__dict__")


def test_a_keystore_is_written_for_its_owner_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    address = create_keystore(path, password(), iterations=FAST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    opened = open_keystore(path, password())
    assert isinstance(opened, LocalSigner)
    assert opened.address == address
    with pytest.raises(KeystoreError, match="File exists"):
        create_keystore(path, password(), iterations=FAST)


@pytest.mark.parametrize(
    "content", ["{}", "[]", "1", '{"version": 1}', '{"version": 3}', '{"version": 3, "crypto": {"kdf": "x"}}']
)
def test_what_is_no_keystore(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(KeystoreError, match="wrong password, or no keystore"):
        open_keystore(path, password())


def test_a_wrong_password_shows_neither_it_nor_the_key(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    create_keystore(path, password(), iterations=FAST)
    with pytest.raises(KeystoreError) as caught:
        open_keystore(path, password("battery staple"))
    assert caught.value.exit_code == 2
    assert "staple" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_files_that_cannot_be_keystores(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    with pytest.raises(KeystoreError, match="No such file"):
        open_keystore(path, password())
    path.write_text("{" * 3)
    with pytest.raises(KeystoreError, match="no JSON"):
        open_keystore(path, password())
    path.write_bytes(b" " * 70_000)
    with pytest.raises(KeystoreError, match="larger than 65536 bytes"):
        open_keystore(path, password())


def test_where_passwords_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "password"
    path.write_text("from a file\nsecond line\n")
    assert password_from_file(path)() == "from a file"
    monkeypatch.setenv("BEMA_TEST_PASSWORD", "from outside")
    assert password_from_environment("BEMA_TEST_PASSWORD")() == "from outside"
    monkeypatch.delenv("BEMA_TEST_PASSWORD")
    with pytest.raises(PasswordError, match="environment variable BEMA_TEST_PASSWORD: no password there"):
        password_from_environment("BEMA_TEST_PASSWORD")()
    path.write_text("")
    with pytest.raises(PasswordError, match="no password there"):
        password_from_file(path)()
    with pytest.raises(PasswordError, match="No such file"):
        password_from_file(tmp_path / "nothing")()


def test_a_plain_transfer_needs_no_contract(chain: Chain) -> None:
    receipt = send(chain, node_signer(chain, 0), Call("transfer", node_signer(chain, 1).address, b""))
    assert (receipt.gas_used, receipt.contract, receipt.events) == (21_000, None, ())
    assert new_world(chain).deployment.block_number == 2
