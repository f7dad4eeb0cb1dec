// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {Fixture} from "./support/Fixture.sol";

contract CommitmentsTest is Fixture {
    bytes32 private constant CONTENT = keccak256("content");
    bytes32 private constant SALT = keccak256("salt");

    function setUp() public override {
        super.setUp();
        _closeGenesis();
    }

    function testCommitThenReveal() public {
        bytes32 commitment = bema.batchCommitment(1, ROOT, CONTENT, SALT);
        vm.expectEmit(address(bema));
        emit IBema.BatchCommitted(1, commitment);
        _commit(founders[0], commitment);
        _assertReveal(commitment, 0, 0);

        vm.roll(GENESIS_BLOCK + 1);
        vm.warp(GENESIS_TIME + 12);
        vm.expectEmit(address(bema));
        emit IBema.BatchRevealed(1, commitment, ROOT, CONTENT, SALT);
        _reveal(founders[0], SALT);
        _assertReveal(commitment, 1, GENESIS_TIME + 12);
    }

    function testCommitmentBindsChainContractAndParty() public {
        bytes32 expected =
            keccak256(abi.encode(uint256(block.chainid), address(bema), uint32(2), ROOT, CONTENT, SALT));
        vm.assertEq(bema.batchCommitment(2, ROOT, CONTENT, SALT), expected);
        vm.assertTrue(bema.batchCommitment(3, ROOT, CONTENT, SALT) != expected);
        vm.chainId(block.chainid + 1);
        vm.assertTrue(bema.batchCommitment(2, ROOT, CONTENT, SALT) != expected);
    }

    /// @dev Chain time leaves 32 bits in 2106; cut short, an old reveal would look like an early one.
    function testKeepsTimesBeyond32Bits() public {
        bytes32 commitment = bema.batchCommitment(1, ROOT, CONTENT, SALT);
        _commit(founders[0], commitment);
        vm.roll(GENESIS_BLOCK + 1);
        vm.warp(2 ** 32 + 5);
        _reveal(founders[0], SALT);
        _assertReveal(commitment, 1, 2 ** 32 + 5);
    }

    function testRegularPartyCommitsToo() public {
        vm.assertEq(_join(), 4);
        bytes32 commitment = bema.batchCommitment(4, ROOT, CONTENT, SALT);
        _commit(JOINER, commitment);
        vm.roll(GENESIS_BLOCK + 1);
        _reveal(JOINER, SALT);
        _assertReveal(commitment, 4, GENESIS_TIME);
    }

    function testRevealsUntilTheLastBlock() public {
        _commit(founders[0], bema.batchCommitment(1, ROOT, CONTENT, SALT));
        vm.roll(GENESIS_BLOCK + EXPIRY);
        _reveal(founders[0], SALT);
    }

    function testNextCommitmentAfterReveal() public {
        _commit(founders[0], bema.batchCommitment(1, ROOT, CONTENT, SALT));
        vm.roll(GENESIS_BLOCK + 1);
        _reveal(founders[0], SALT);
        bytes32 next = bema.batchCommitment(1, ROOT, CONTENT, "next");
        _commit(founders[0], next);
        vm.roll(GENESIS_BLOCK + 2);
        _reveal(founders[0], "next");
        _assertReveal(next, 1, GENESIS_TIME);
    }

    function testExpiredCommitmentIsReplaced() public {
        bytes32 commitment = bema.batchCommitment(1, ROOT, CONTENT, SALT);
        _commit(founders[0], commitment);
        vm.roll(GENESIS_BLOCK + EXPIRY + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBema.CommitmentExpired.selector, GENESIS_BLOCK + EXPIRY + 1, GENESIS_BLOCK + EXPIRY
            )
        );
        _reveal(founders[0], SALT);
        _commit(founders[0], commitment);
        vm.roll(GENESIS_BLOCK + EXPIRY + 2);
        _reveal(founders[0], SALT);
    }

    function testRefusesCommitmentInGenesis() public {
        setUpOpenGenesis();
        vm.expectRevert(abi.encodeWithSelector(IBema.GenesisStillOpen.selector, 0, 3));
        _commit(founders[0], SALT);
    }

    function testRefusesStranger() public {
        vm.expectRevert(abi.encodeWithSelector(IBema.NotRegistered.selector, STRANGER));
        _commit(STRANGER, SALT);
        vm.expectRevert(abi.encodeWithSelector(IBema.NotRegistered.selector, STRANGER));
        _reveal(STRANGER, SALT);
    }

    function testRefusesZeroCommitment() public {
        vm.expectRevert(abi.encodeWithSelector(IBema.ZeroCommitment.selector));
        _commit(founders[0], 0);
    }

    function testRefusesSecondOpenCommitment() public {
        _commit(founders[0], ROOT);
        for (uint256 waited = 0; waited <= EXPIRY; ++waited) {
            vm.roll(GENESIS_BLOCK + waited);
            vm.expectRevert(
                abi.encodeWithSelector(IBema.CommitmentOpen.selector, uint32(1), ROOT, GENESIS_BLOCK + EXPIRY)
            );
            _commit(founders[0], SALT);
        }
    }

    function testRefusesRevealedCommitmentFromAnybody() public {
        bytes32 commitment = bema.batchCommitment(1, ROOT, CONTENT, SALT);
        _commit(founders[0], commitment);
        vm.roll(GENESIS_BLOCK + 1);
        _reveal(founders[0], SALT);
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IBema.CommitmentAlreadyRevealed.selector, commitment));
            _commit(founders[i], commitment);
        }
    }

    function testCopiedCommitmentCannotBeRevealed() public {
        bytes32 commitment = bema.batchCommitment(1, ROOT, CONTENT, SALT);
        _commit(founders[0], commitment);
        _commit(founders[1], commitment);
        vm.roll(GENESIS_BLOCK + 1);
        bytes32 own = bema.batchCommitment(2, ROOT, CONTENT, SALT);
        vm.expectRevert(abi.encodeWithSelector(IBema.CommitmentMismatch.selector, commitment, own));
        _reveal(founders[1], SALT);
        _reveal(founders[0], SALT);
        _assertReveal(commitment, 1, GENESIS_TIME);
    }

    function testRefusesRevealWithoutCommitment() public {
        vm.expectRevert(abi.encodeWithSelector(IBema.NoOpenCommitment.selector, uint32(1)));
        _reveal(founders[0], SALT);
    }

    function testRefusesSecondReveal() public {
        _commit(founders[0], bema.batchCommitment(1, ROOT, CONTENT, SALT));
        vm.roll(GENESIS_BLOCK + 1);
        _reveal(founders[0], SALT);
        vm.expectRevert(abi.encodeWithSelector(IBema.NoOpenCommitment.selector, uint32(1)));
        _reveal(founders[0], SALT);
    }

    function testRefusesRevealInTheSameBlock() public {
        _commit(founders[0], bema.batchCommitment(1, ROOT, CONTENT, SALT));
        vm.expectRevert(
            abi.encodeWithSelector(IBema.RevealTooEarly.selector, GENESIS_BLOCK, GENESIS_BLOCK + 1)
        );
        _reveal(founders[0], SALT);
    }

    /// @dev One flipped bit in the opening is always refused, and the untouched opening is then accepted.
    function testFuzzFlippedOpening(bytes32[3] memory opening, uint256 bit) public {
        bytes32 commitment = bema.batchCommitment(1, opening[0], opening[1], opening[2]);
        _commit(founders[0], commitment);
        vm.roll(GENESIS_BLOCK + 1);
        bytes32[3] memory wrong = opening;
        bit = bound(bit, 0, 767);
        wrong[bit / 256] ^= bytes32(1 << (bit % 256));
        bytes32 revealed = bema.batchCommitment(1, wrong[0], wrong[1], wrong[2]);
        vm.expectRevert(abi.encodeWithSelector(IBema.CommitmentMismatch.selector, commitment, revealed));
        vm.prank(founders[0]);
        bema.revealBatch(wrong[0], wrong[1], wrong[2]);

        wrong[bit / 256] ^= bytes32(1 << (bit % 256));
        vm.prank(founders[0]);
        bema.revealBatch(wrong[0], wrong[1], wrong[2]);
        _assertReveal(commitment, 1, GENESIS_TIME);
    }

    function setUpOpenGenesis() private {
        super.setUp();
    }

    function _commit(address account, bytes32 commitment) private {
        vm.prank(account);
        bema.commitBatch(commitment);
    }

    function _reveal(address account, bytes32 salt) private {
        vm.prank(account);
        bema.revealBatch(ROOT, CONTENT, salt);
    }

    function _assertReveal(bytes32 commitment, uint256 party, uint256 time) private view {
        (uint32 gotParty, uint64 gotTime) = bema.revealOf(commitment);
        vm.assertEq(gotParty, party);
        vm.assertEq(gotTime, time);
    }
}
