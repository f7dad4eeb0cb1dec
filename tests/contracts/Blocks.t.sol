// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Fixture} from "./support/Fixture.sol";

contract BlocksTest is Fixture {
    PartyType private constant OP = PartyType.OriginalParty;

    function setUp() public override {
        super.setUp();
        _closeGenesis();
    }

    function testSubmitsBlocksOnTheTip() public {
        for (uint32 height = 1; height <= 3; ++height) {
            vm.warp(block.timestamp + 30);
            bytes memory header = _mine(ROOT, founders[0], OP, true);
            bytes32 blockHash = _sha256d(header);
            vm.expectEmit(address(bema));
            emit IBema.BlockSubmitted(height, blockHash, founders[0], header, BODY, 9, _parameters().target);
            _send(founders[0], header);
            (bytes32 tip, uint32 tipHeight, uint64 submittedAt) = bema.tip();
            vm.assertEq(tip, blockHash);
            vm.assertEq(tipHeight, height);
            vm.assertEq(submittedAt, block.timestamp);
        }
    }

    function testEveryKindOfMiner() public {
        _join();
        _send(JOINER, _mine(ROOT, JOINER, PartyType.RegularParty, true));
        _send(STRANGER, _mine(ROOT, STRANGER, PartyType.Neither, true));
        _send(founders[2], _mine(ROOT, founders[2], OP, true));
        (, uint32 height,) = bema.tip();
        vm.assertEq(height, 3);
    }

    function testRefusesBlockInGenesis() public {
        super.setUp();
        bytes memory header = new bytes(112);
        _refuses(founders[0], header, abi.encodeWithSelector(IBema.GenesisStillOpen.selector, 0, 3));
    }

    function testRefusesHeaderLengths() public {
        for (uint256 length = 0; length <= 113; ++length) {
            if (length == 112) continue;
            bytes memory header = new bytes(length);
            _refuses(founders[0], header, abi.encodeWithSelector(IBema.HeaderLength.selector, length, 112));
        }
    }

    function testRefusesZeroBodyDigest() public {
        bytes memory header = _mine(ROOT, founders[0], OP, true);
        vm.expectRevert(abi.encodeWithSelector(IBema.ZeroBodyDigest.selector));
        vm.deal(founders[0], BOND);
        vm.prank(founders[0]);
        bema.submitBlock{value: BOND}(header, 0, 1);
    }

    function testRefusesNoLeaves() public {
        bytes memory header = _mine(ROOT, founders[0], OP, true);
        vm.expectRevert(abi.encodeWithSelector(IBema.LeafCountOutOfRange.selector, 0, 1));
        vm.deal(founders[0], BOND);
        vm.prank(founders[0]);
        bema.submitBlock{value: BOND}(header, BODY, 0);
    }

    function testRefusesOtherBonds() public {
        bytes memory header = _mine(ROOT, founders[0], OP, true);
        uint256[3] memory bonds = [uint256(0), BOND - 1, BOND + 1];
        for (uint256 i = 0; i < 3; ++i) {
            vm.deal(founders[0], bonds[i]);
            vm.expectRevert(abi.encodeWithSelector(IBema.BondMismatch.selector, bonds[i], BOND));
            vm.prank(founders[0]);
            bema.submitBlock{value: bonds[i]}(header, BODY, 1);
        }
        _send(founders[0], header);
        vm.assertEq(address(bema).balance, BOND);
    }

    function testRefusesParentThatIsNotTheTip() public {
        bytes memory late = _mine(keccak256("late"), founders[0], OP, true);
        bytes32 first = _sha256d(_submit(ROOT));
        _refuses(
            founders[0], late, abi.encodeWithSelector(IBema.ParentNotTip.selector, bema.genesisHash(), first)
        );
    }

    function testRefusesAcceptedBlockAgain() public {
        bytes memory header = _submit(ROOT);
        _refuses(
            founders[0], header, abi.encodeWithSelector(IBema.BlockAlreadyAccepted.selector, _sha256d(header))
        );
    }

    function testRefusesTimestampBeforeTheParent() public {
        vm.warp(GENESIS_TIME + 30);
        _submit(ROOT);
        vm.warp(GENESIS_TIME + 29);
        bytes memory header = _header(ROOT, founders[0], OP, 0);
        vm.warp(GENESIS_TIME + 60);
        _refuses(founders[0], header, _timestampError(29, 30, 60));
    }

    function testRefusesTimestampInTheFuture() public {
        vm.warp(GENESIS_TIME + 61);
        bytes memory header = _header(ROOT, founders[0], OP, 0);
        vm.warp(GENESIS_TIME + 60);
        _refuses(founders[0], header, _timestampError(61, 0, 60));
    }

    /// @dev In particular a header copied from the transaction pool.
    function testRefusesSomebodyElsesHeader() public {
        bytes memory header = _mine(ROOT, founders[0], OP, true);
        _refuses(
            STRANGER,
            header,
            abi.encodeWithSelector(
                IBema.MinerInfoMismatch.selector, _info(founders[0], 2), _info(STRANGER, 0)
            )
        );
    }

    function testRefusesClaimToBeAFounder() public {
        _join();
        bytes memory header = _mine(ROOT, JOINER, OP, true);
        _refuses(
            JOINER,
            header,
            abi.encodeWithSelector(IBema.MinerInfoMismatch.selector, _info(JOINER, 2), _info(JOINER, 1))
        );
    }

    function testRefusesTooLittleWork() public {
        bytes memory header = _mine(ROOT, founders[0], OP, false);
        _refuses(
            founders[0],
            header,
            abi.encodeWithSelector(IBema.WorkTooLow.selector, _sha256d(header), _parameters().target)
        );
    }

    /// @dev A flipped bit anywhere in a mined header: refused by the check of that field, or by the work; put back: accepted.
    function testFuzzFlippedHeader(uint256 bit) public {
        bytes memory header = _mine(ROOT, founders[0], OP, true);
        bit = bound(bit, 0, 895);
        header[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        bool enough = uint256(_sha256d(header)) < _parameters().target;
        bool contentless = bit / 8 >= 32 && bit / 8 < 64 || bit / 8 >= 104;
        vm.deal(founders[0], BOND);
        vm.prank(founders[0]);
        try bema.submitBlock{value: BOND}(header, BODY, 1) {
            vm.assertTrue(enough && contentless, "accepted");
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(_expectedRefusal(bit / 8)));
            vm.assertFalse(enough && contentless);
            header[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
            _send(founders[0], header);
        }
    }

    /// @dev Work is exactly hash < target.
    function testFuzzWork(uint64 nonce) public {
        bytes memory header = _header(ROOT, founders[0], OP, nonce);
        bytes32 blockHash = _sha256d(header);
        uint256 target = _parameters().target;
        if (uint256(blockHash) >= target) {
            _refuses(
                founders[0], header, abi.encodeWithSelector(IBema.WorkTooLow.selector, blockHash, target)
            );
        } else {
            _send(founders[0], header);
        }
    }

    /// @dev The bound is strict: the same header under a target equal to its hash, and one above.
    function testTargetItselfIsTooHigh() public {
        uint256 snapshot = vm.snapshotState();
        _deployWithTarget(type(uint256).max);
        bytes memory header = _header(ROOT, founders[0], OP, 0);
        uint256 work = uint256(_sha256d(header));

        vm.revertToState(snapshot);
        _deployWithTarget(work);
        _refuses(founders[0], header, abi.encodeWithSelector(IBema.WorkTooLow.selector, work, work));

        vm.revertToState(snapshot);
        _deployWithTarget(work + 1);
        _send(founders[0], header);
    }

    function _deployWithTarget(uint256 target) private {
        IBema.Parameters memory given = _parameters();
        given.target = target;
        given.maxTarget = type(uint256).max;
        bema = _deploy(given, _founderList());
        _closeGenesis();
    }

    function _send(address miner, bytes memory header) private {
        _send(miner, header, 9);
    }

    function _refuses(address miner, bytes memory header, bytes memory reason) private {
        vm.deal(miner, BOND);
        vm.expectRevert(reason);
        vm.prank(miner);
        bema.submitBlock{value: BOND}(header, BODY, 9);
    }

    function _info(address miner, uint8 partyType) private pure returns (bytes32) {
        return _sha256d(abi.encodePacked(miner, partyType));
    }

    function _timestampError(uint256 given, uint256 earliest, uint256 latest)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IBema.TimestampOutOfRange.selector,
            GENESIS_TIME + given,
            GENESIS_TIME + earliest,
            GENESIS_TIME + latest
        );
    }

    function _expectedRefusal(uint256 position) private pure returns (bytes4) {
        if (position < 32) return IBema.ParentNotTip.selector;
        if (position < 64) return IBema.WorkTooLow.selector;
        if (position < 96) return IBema.MinerInfoMismatch.selector;
        return position < 104 ? IBema.TimestampOutOfRange.selector : IBema.WorkTooLow.selector;
    }
}
