// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The past rollbacks that still matter, so that any block's fate is found by binary search.
/// @dev Rollback n to height r orphans every block above r that was accepted before it. A later rollback to the same height or
/// below orphans all that an earlier one did, so the earlier is dropped: numbers and heights both ascend strictly.
library RollbackStack {
    /// @dev One slot.
    struct Rollback {
        uint24 number;
        uint32 height;
    }

    /// @dev Entries from `depth` on are left-overs and mean nothing.
    struct Stack {
        uint256 depth;
        mapping(uint256 position => Rollback) entries;
    }

    /// @notice Adds rollback `number`, higher than any before, and drops those that it covers, in one write.
    function push(Stack storage self, uint24 number, uint32 height) internal {
        uint256 low = 0;
        uint256 high = self.depth;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self.entries[middle].height < height) low = middle + 1;
            else high = middle;
        }
        self.entries[low] = Rollback({number: number, height: height});
        self.depth = low + 1;
    }

    /// @notice Whether a block of this height, accepted after rollback `number` and before the next, was orphaned since.
    /// @dev Of the later rollbacks the first entry has the least height.
    function orphaned(Stack storage self, uint24 number, uint32 height) internal view returns (bool) {
        uint256 depth = self.depth;
        uint256 low = 0;
        uint256 high = depth;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (self.entries[middle].number <= number) low = middle + 1;
            else high = middle;
        }
        return low < depth && self.entries[low].height < height;
    }
}
