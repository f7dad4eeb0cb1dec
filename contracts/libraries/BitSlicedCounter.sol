// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice 256 counters of 8 bits, one a class, that count whole class masks at once.
/// @dev Plane i holds bit i of every counter, so one addition costs at most 8 word operations, whatever the number of
/// classes. Counters stop at 255.
library BitSlicedCounter {
    uint256 private constant PLANES = 8;

    /// @notice Adds one to the counter of every class in `mask`.
    function add(uint256[8] memory planes, uint256 mask) internal pure {
        uint256 carry = mask;
        for (uint256 i = 0; i < PLANES && carry != 0; ++i) {
            uint256 plane = planes[i];
            planes[i] = plane ^ carry;
            carry &= plane;
        }
        // What is still carried overflowed from 255 to 0: put it back to 255.
        for (uint256 i = 0; i < PLANES && carry != 0; ++i) {
            planes[i] |= carry;
        }
    }

    /// @notice The classes of `mask` counted fewer than `bound` times.
    function below(uint256[8] memory planes, uint256 mask, uint8 bound) internal pure returns (uint256 less) {
        uint256 equal = mask;
        for (uint256 i = PLANES; i > 0; --i) {
            uint256 plane = planes[i - 1];
            if ((bound >> (i - 1)) & 1 == 1) {
                less |= equal & ~plane;
                equal &= plane;
            } else {
                equal &= ~plane;
            }
        }
    }

    /// @notice The least counter among the classes of `mask`, which is not empty.
    function minimum(uint256[8] memory planes, uint256 mask) internal pure returns (uint256 least) {
        uint256 candidates = mask;
        for (uint256 i = PLANES; i > 0; --i) {
            uint256 zeros = candidates & ~planes[i - 1];
            if (zeros != 0) candidates = zeros;
            else least += 2 ** (i - 1);
        }
    }
}
