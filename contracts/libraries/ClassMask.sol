// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";

/// @notice Sets of classes: bit y stands for class y.
library ClassMask {
    /// @notice The set of the first `classes` classes, 1..256 of them.
    function firstClasses(uint256 classes) internal pure returns (uint256) {
        return type(uint256).max >> (256 - classes);
    }

    /// @notice Whether every class of `mask` is in `other`.
    function isWithin(uint256 mask, uint256 other) internal pure returns (bool) {
        return mask & ~other == 0;
    }

    /// @notice Refuses held classes that are none or not among `allowed`.
    function requireHeld(uint256 heldClasses, uint256 allowed) internal pure {
        if (heldClasses == 0) revert IBema.HeldClassesEmpty();
        if (!isWithin(heldClasses, allowed)) revert IBema.ClassOutOfRange(heldClasses, allowed);
    }

    /// @notice Refuses a label space that goes beyond `allowed` or misses a held class.
    /// @dev A party that holds a class enters S(y), so its model must score that class.
    function requireLabelSpace(uint256 labelSpace, uint256 heldClasses, uint256 allowed) internal pure {
        if (!isWithin(labelSpace, allowed)) revert IBema.ClassOutOfRange(labelSpace, allowed);
        if (!isWithin(heldClasses, labelSpace)) {
            revert IBema.HeldClassesOutsideLabelSpace(heldClasses, labelSpace);
        }
    }
}
