// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice 256 counters, one a class, that count whole class masks at once.
/// @dev Plane i holds bit i of every counter, so an addition costs at most as many word operations as a count has bits,
/// whatever the number of classes.
library BitSlicedCounter {
    /// @notice Counters at zero, each for up to `most` additions.
    /// @dev In assembly, since the compiler would look through the size of the array three times.
    function upTo(uint256 most) internal pure returns (uint256[] memory planes) {
        assembly ("memory-safe") {
            planes := mload(0x40)
            let end := add(planes, 32)
            for { let rest := most } rest { rest := shr(1, rest) } {
                mstore(end, 0)
                end := add(end, 32)
            }
            // The length: a plane for each bit of `most`.
            mstore(planes, sub(shr(5, sub(end, planes)), 1))
            mstore(0x40, end)
        }
    }

    /// @notice Adds one to the counter of every class in `mask`. The caller adds no more often than it asked for.
    /// @dev In assembly, since the compiler would check the length of the array twice for each plane. So many counts fit into the
    /// planes that nothing is carried beyond the last one.
    function add(uint256[] memory planes, uint256 mask) internal pure {
        uint256 carry = mask;
        assembly ("memory-safe") {
            for { let place := add(planes, 32) } carry { place := add(place, 32) } {
                let plane := mload(place)
                mstore(place, xor(plane, carry))
                carry := and(carry, plane)
            }
        }
    }

    /// @notice The classes of `mask` counted fewer than `bound` times.
    function below(uint256[] memory planes, uint256 mask, uint256 bound)
        internal
        pure
        returns (uint256 less)
    {
        uint256 rest = bound;
        // In assembly as `add` is.
        assembly ("memory-safe") {
            let place := add(planes, 32)
            let end := add(place, shl(5, mload(planes)))
            for {} lt(place, end) { place := add(place, 32) } {
                // From the lowest bit up: a higher one overrules.
                let zeros := not(mload(place))
                switch and(rest, 1)
                case 1 { less := or(less, zeros) }
                default { less := and(less, zeros) }
                rest := shr(1, rest)
            }
        }
        // Whatever was counted fits into the planes, so a bound that does not is above it.
        less = rest == 0 ? less & mask : mask;
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
