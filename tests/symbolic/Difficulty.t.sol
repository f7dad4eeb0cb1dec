// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Difficulty} from "../../contracts/libraries/Difficulty.sol";
import {Symbolic} from "./Symbolic.sol";

/// @notice Retargeting for every target, maximum and elapsed time of 16 bits: the solver has to multiply and divide. The clamp's
/// factor of four is beyond it even there; tests/contracts/Difficulty.t.sol fuzzes that.
contract DifficultySymbolicTest is Symbolic {
    uint256 private constant PERIOD = 480;

    function check_staysBetweenOneAndTheMaximum(uint16 target, uint16 elapsed, uint16 maximum) public pure {
        vm.assume(0 < target && target <= maximum);
        uint256 next = Difficulty.retarget(target, elapsed, PERIOD, maximum);
        assert(0 < next && next <= maximum);
    }
}
