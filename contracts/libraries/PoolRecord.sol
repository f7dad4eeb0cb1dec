// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";

/// @notice The pool's figures, in one slot. Amounts in wei; the pool holds the difference.
/// @dev | bits     | field           | meaning                                        |
///      | 0..95    | funded          | all that ever came in; it never decreases      |
///      | 96..191  | claimed         | all that left the pool for the accounts        |
///      | 192..223 | finalisedHeight | of the highest block that was claimed against  |
/// A word of its own rather than a struct, as `BlockRecord` is.
type PoolRecord is uint256;

using PoolRecordLibrary for PoolRecord global;

/// @notice The fields of the pool's record.
library PoolRecordLibrary {
    uint256 private constant CLAIMED = 96;
    uint256 private constant FINALISED_HEIGHT = 192;

    function pack(uint96 funded_, uint96 claimed_, uint32 finalisedHeight_)
        internal
        pure
        returns (PoolRecord)
    {
        return PoolRecord.wrap(
            uint256(funded_) | uint256(claimed_) << CLAIMED | uint256(finalisedHeight_) << FINALISED_HEIGHT
        );
    }

    function withFunded(PoolRecord self, uint96 funded_) internal pure returns (PoolRecord) {
        return PoolRecord.wrap(PoolRecord.unwrap(self) & ~uint256(type(uint96).max) | funded_);
    }

    /// @notice The record after `amount` was claimed against a block of this height, at `maxRewardPerBlock` wei a block.
    /// @dev The cap counts the highest block claimed against: a final one, so never more than the chain's finalised height.
    function afterClaim(PoolRecord self, uint256 amount, uint32 height, uint96 maxRewardPerBlock)
        internal
        pure
        returns (PoolRecord)
    {
        uint32 finalised = height > self.finalisedHeight() ? height : self.finalisedHeight();
        uint256 available = self.funded() - self.claimed();
        if (amount > available) revert IBema.ClaimBeyondPool(amount, available);
        uint256 total = self.claimed() + amount;
        uint256 cap = uint256(maxRewardPerBlock) * finalised;
        if (total > cap) revert IBema.ClaimBeyondCap(total, cap);

        // At most `funded`.
        // forge-lint: disable-next-line(unsafe-typecast)
        return pack(self.funded(), uint96(total), finalised);
    }

    // Each cast cuts the field out.
    // forge-lint: disable-start(unsafe-typecast)

    function funded(PoolRecord self) internal pure returns (uint96) {
        return uint96(PoolRecord.unwrap(self));
    }

    function claimed(PoolRecord self) internal pure returns (uint96) {
        return uint96(PoolRecord.unwrap(self) >> CLAIMED);
    }

    function finalisedHeight(PoolRecord self) internal pure returns (uint32) {
        return uint32(PoolRecord.unwrap(self) >> FINALISED_HEIGHT);
    }

    // forge-lint: disable-end(unsafe-typecast)
}
