// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bema} from "../../contracts/Bema.sol";
import {IBema} from "../../contracts/interfaces/IBema.sol";
import {BlockRecordLibrary} from "../../contracts/libraries/BlockRecord.sol";
import {Leaf} from "../../contracts/libraries/Leaf.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {PoolRecordLibrary} from "../../contracts/libraries/PoolRecord.sol";
import {Symbolic} from "./Symbolic.sol";

/// @notice The contract itself, put into any state of the pool with a block of any height on its chain.
contract BemaInAnyState is Bema {
    constructor(Parameters memory given, Founder[] memory founders) Bema(given, founders) {}

    function place(uint96 funded, uint96 claimed, uint32 finalisedHeight, bytes32 blockHash, uint32 height)
        external
    {
        _pool = PoolRecordLibrary.pack(funded, claimed, finalisedHeight);
        _blocks[blockHash] = BlockRecordLibrary.pack(height, 1, 0, address(0));
    }
}

/// @notice The accounting of one claim and its withdrawal, for every amount and every state of the pool.
contract RewardsSymbolicTest is Symbolic {
    uint96 private constant MAX_REWARD = 1 ether;
    uint32 private constant WINDOW = 3_600;

    BemaInAnyState private bema;

    receive() external payable {}

    function setUp() public {
        IBema.Founder[] memory founders = new IBema.Founder[](1);
        founders[0] = IBema.Founder({account: address(0xf0), heldClasses: 3});
        bema = new BemaInAnyState(_parameters(), founders);
        vm.warp(WINDOW + 2);
    }

    /// @dev Paid is what the leaf says and no more, exactly where it lies within the pool and the cap.
    function check_oneClaim(uint96 funded, uint96 claimed, uint32 finalised, uint32 height, uint96 amount)
        public
    {
        vm.assume(claimed <= funded);
        bytes memory header = _place(funded, claimed, finalised, height, amount);
        uint256 highest = height > finalised ? height : finalised;
        bool due =
            amount != 0 && amount <= funded - claimed && uint256(claimed) + amount <= MAX_REWARD * highest;

        try bema.claimReward(header, 1, 0, amount, new bytes32[](0)) {
            assert(due);
            _assertPool(funded, uint256(claimed) + amount, highest);
            _assertRewards(amount, 0);
        } catch {
            assert(!due);
            _assertPool(funded, claimed, finalised);
            _assertRewards(0, 0);
        }
    }

    /// @dev Nothing is claimed twice, and no more goes out than was claimed.
    function check_claimAgainAndWithdraw(uint96 funded, uint96 claimed, uint32 height, uint96 amount) public {
        vm.assume(claimed <= funded);
        bytes memory header = _place(funded, claimed, 0, height, amount);
        vm.deal(address(bema), uint256(funded) - claimed);
        vm.deal(address(this), 0);
        try bema.claimReward(header, 1, 0, amount, new bytes32[](0)) {}
        catch {
            return;
        }
        try bema.claimReward(header, 1, 0, amount, new bytes32[](0)) {
            assert(false);
        } catch {}
        bema.withdraw(address(this));
        assert(address(this).balance == amount);
        _assertPool(funded, uint256(claimed) + amount, height);
        _assertRewards(amount, amount);
        try bema.withdraw(address(this)) {
            assert(false);
        } catch {}
    }

    /// @dev A block whose only leaf allots this account the amount.
    function _place(uint96 funded, uint96 claimed, uint32 finalised, uint32 height, uint256 amount)
        private
        returns (bytes memory header)
    {
        bytes32 root = Merkle.root(1, Leaf.rewardHash(address(this), amount));
        header = abi.encodePacked(bytes32(0), root, bytes32(0), uint64(0), uint64(0));
        bema.place(funded, claimed, finalised, _sha256d(header), height);
    }

    function _assertPool(uint256 funded, uint256 claimed, uint256 finalised) private view {
        (uint256 gotFunded, uint256 gotClaimed, uint32 gotHeight) = bema.pool();
        assert(gotFunded == funded && gotClaimed == claimed && gotHeight == finalised);
        assert(gotClaimed <= gotFunded);
    }

    function _assertRewards(uint256 claimed, uint256 withdrawn) private view {
        (uint256 gotClaimed, uint256 gotWithdrawn) = bema.rewardsOf(address(this));
        assert(gotClaimed == claimed && gotWithdrawn == withdrawn);
    }

    function _parameters() private pure returns (IBema.Parameters memory) {
        return IBema.Parameters({
            rulesDigest: keccak256("rules"),
            classes: 2,
            approvalsPerClass: 1,
            commitmentExpiry: 2,
            target: 1,
            maxTarget: 1,
            blockSpacing: 60,
            retargetInterval: 4,
            easingSpacings: 1,
            challengeWindow: WINDOW,
            quorum: 1,
            bond: MAX_REWARD,
            maxRewardPerBlock: MAX_REWARD
        });
    }
}
