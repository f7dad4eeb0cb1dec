// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A rollback, in one slot.
/// @dev | bits   | field  | meaning                     |
///      | 0..23  | number | from 1                      |
///      | 24..55 | height | of the block rolled back to |
/// A word of its own rather than a struct, as `BlockRecord` is.
type Rollback is uint256;

using RollbackLibrary for Rollback global;

/// @notice The fields of a rollback.
library RollbackLibrary {
    uint256 private constant HEIGHT = 24;

    function pack(uint24 number_, uint32 height_) internal pure returns (Rollback) {
        return Rollback.wrap(uint256(number_) | uint256(height_) << HEIGHT);
    }

    // Each cast cuts the field out.
    // forge-lint: disable-start(unsafe-typecast)

    function number(Rollback self) internal pure returns (uint24) {
        return uint24(Rollback.unwrap(self));
    }

    function height(Rollback self) internal pure returns (uint32) {
        return uint32(Rollback.unwrap(self) >> HEIGHT);
    }

    // forge-lint: disable-end(unsafe-typecast)
}

/// @notice The past rollbacks that still matter, so that any block's fate is found by binary search.
/// @dev Rollback n to height r orphans every block above r that was accepted before it. A later rollback to the same height or
/// below orphans all that an earlier one did, so the earlier is dropped: numbers and heights both ascend strictly.
library RollbackStack {
    /// @dev Entries from `depth` on are left-overs and mean nothing.
    struct Stack {
        uint256 depth;
        mapping(uint256 position => Rollback) entries;
    }

    /// @notice Adds rollback `number`, higher than any before, and drops those that it covers, in one write.
    function push(Stack storage self, uint24 number, uint32 height) internal {
        uint256 low = 0;
        uint256 depth = self.depth;
        uint256 high = depth;
        while (low < high) {
            // No sum of two positions overflows.
            unchecked {
                uint256 middle = (low + high) / 2;
                if (self.entries[middle].height() < height) low = middle + 1;
                else high = middle;
            }
        }
        self.entries[low] = RollbackLibrary.pack(number, height);
        // Often it stays as deep, and a write that changes nothing costs as well. No position is near the highest number.
        unchecked {
            if (low + 1 != depth) self.depth = low + 1;
        }
    }

    /// @notice Whether a block of this height, accepted after rollback `number` and before the next, was orphaned since.
    /// @dev Of the later rollbacks the first entry has the least height.
    function orphaned(Stack storage self, uint24 number, uint32 height) internal view returns (bool) {
        uint256 depth = self.depth;
        uint256 low = 0;
        uint256 high = depth;
        while (low < high) {
            // No sum of two positions overflows.
            unchecked {
                uint256 middle = (low + high) / 2;
                if (self.entries[middle].number() <= number) low = middle + 1;
                else high = middle;
            }
        }
        return low < depth && self.entries[low].height() < height;
    }
}
