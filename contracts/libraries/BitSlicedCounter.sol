// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice 256 counters, one a class, that count whole class masks at once.
/// @dev Plane i holds bit i of every counter, so an addition costs at most as many word operations as a count has bits,
/// whatever the number of classes.
library BitSlicedCounter {
    /// @notice Counters at zero, each for up to `most` additions.
    function upTo(uint256 most) internal pure returns (uint256[] memory planes) {
        uint256 bits = 0;
        while (most >> bits != 0) {
            unchecked {
                ++bits;
            }
        }
        planes = new uint256[](bits);
    }

    /// @notice Adds one to the counter of every class in `mask`.
    function add(uint256[] memory planes, uint256 mask) internal pure {
        uint256 carry = mask;
        for (uint256 i = 0; carry != 0; ++i) {
            uint256 plane = planes[i];
            planes[i] = plane ^ carry;
            carry &= plane;
        }
    }

    /// @notice The classes of `mask` counted fewer than `bound` times.
    function below(uint256[] memory planes, uint256 mask, uint256 bound)
        internal
        pure
        returns (uint256 less)
    {
        // Whatever was counted fits into the planes.
        if (bound >> planes.length != 0) return mask;
        for (uint256 i = 0; i < planes.length; ++i) {
            // From the lowest bit up: a higher one overrules.
            uint256 zeros = ~planes[i];
            less = (bound >> i) & 1 == 1 ? less | zeros : less & zeros;
        }
        less &= mask;
    }

    /// @notice The least counter among the classes of `mask`, which is not empty.
    function minimum(uint256[] memory planes, uint256 mask) internal pure returns (uint256 least) {
        uint256 candidates = mask;
        for (uint256 i = planes.length; i > 0; --i) {
            uint256 zeros = candidates & ~planes[i - 1];
            if (zeros != 0) candidates = zeros;
            else least += 2 ** (i - 1);
        }
    }
}
