// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoolRecord, PoolRecordLibrary} from "../../contracts/libraries/PoolRecord.sol";
import {Symbolic} from "./Symbolic.sol";

/// @notice The accounting of one claim, for every state of the pool, amount, height and cap there may be.
contract ClaimsSymbolicTest is Symbolic {
    /// @dev From any pool that has claimed no more than was funded: what was funded stays; what was claimed grows by the amount, and
    /// exceeds neither what was funded nor the cap of the finalised height; the finalised height is the higher of the two.
    function check_whatAClaimDoes(
        uint96 funded,
        uint96 claimed,
        uint32 finalised,
        uint256 amount,
        uint32 height,
        uint96 maxReward
    ) public view {
        vm.assume(claimed <= funded);
        PoolRecord record = PoolRecordLibrary.pack(funded, claimed, finalised);
        try this.afterClaim(record, amount, height, maxReward) returns (PoolRecord after_) {
            assert(after_.funded() == funded);
            assert(after_.claimed() == uint256(claimed) + amount);
            assert(after_.claimed() <= funded);
            assert(after_.claimed() <= uint256(maxReward) * after_.finalisedHeight());
            assert(after_.finalisedHeight() >= finalised && after_.finalisedHeight() >= height);
            assert(after_.finalisedHeight() == finalised || after_.finalisedHeight() == height);
        } catch {}
    }

    /// @dev A claim is refused exactly where it goes beyond the pool or the cap: never by an overflow, and never less is paid.
    function check_whichClaimsAreRefused(
        uint96 funded,
        uint96 claimed,
        uint32 finalised,
        uint256 amount,
        uint32 height,
        uint96 maxReward
    ) public view {
        vm.assume(claimed <= funded);
        uint256 highest = height > finalised ? height : finalised;
        bool due = amount <= funded - claimed && claimed + amount <= maxReward * highest;
        PoolRecord record = PoolRecordLibrary.pack(funded, claimed, finalised);
        try this.afterClaim(record, amount, height, maxReward) {
            assert(due);
        } catch {
            assert(!due);
        }
    }

    function afterClaim(PoolRecord record, uint256 amount, uint32 height, uint96 maxReward)
        external
        pure
        returns (PoolRecord)
    {
        return record.afterClaim(amount, height, maxReward);
    }
}
