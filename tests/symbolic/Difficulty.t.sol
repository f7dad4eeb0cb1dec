// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Difficulty} from "../../contracts/libraries/Difficulty.sol";
import {Symbolic} from "./Symbolic.sol";

/// @notice Retargeting. The clamp of the time is proved for every input of 64 bits, where nothing is multiplied by a symbol. What
/// follows from it for the target is proved for targets of 8 bits and a few periods: the solver has to multiply and divide
/// there. tests/contracts/Difficulty.t.sol fuzzes it for all.
contract DifficultySymbolicTest is Symbolic {
    uint256 private constant PERIOD = 480;

    /// @dev The factor of four: of the time that enters the target, for any period and any time it took.
    function check_clampedTimeIsWithinAFactorOfFour(uint64 elapsed, uint64 expected) public pure {
        uint256 time = Difficulty.clamp(elapsed, expected);
        assert(time >= uint256(expected) / 4 && time <= 4 * uint256(expected));
        if (elapsed >= uint256(expected) / 4 && elapsed <= 4 * uint256(expected)) assert(time == elapsed);
    }

    /// @dev A period that took longer never counts as a shorter one.
    function check_clampKeepsTheOrder(uint64 elapsed, uint64 longer, uint64 expected) public pure {
        vm.assume(elapsed <= longer);
        assert(Difficulty.clamp(elapsed, expected) <= Difficulty.clamp(longer, expected));
    }

    function check_staysBetweenOneAndTheMaximum(uint16 target, uint16 elapsed, uint16 maximum) public pure {
        vm.assume(0 < target && target <= maximum);
        uint256 next = Difficulty.retarget(target, elapsed, PERIOD, maximum);
        assert(0 < next && next <= maximum);
    }

    /// @dev Periods of 4 s, the shortest, and of 7 and 60 s.
    function check_targetGrowsAtMostFourfold(uint8 target, uint16 elapsed) public pure {
        vm.assume(target != 0);
        assert(Difficulty.retarget(target, elapsed, 4, type(uint256).max) <= 4 * uint256(target));
        assert(Difficulty.retarget(target, elapsed, 7, type(uint256).max) <= 4 * uint256(target));
        assert(Difficulty.retarget(target, elapsed, 60, type(uint256).max) <= 4 * uint256(target));
    }

    /// @dev Rounded down, and never below one. In a period that four divides; in others a quarter of it is rounded down as well.
    function check_targetFallsAtMostToAQuarter(uint8 target, uint16 elapsed) public pure {
        vm.assume(target != 0);
        assert(Difficulty.retarget(target, elapsed, 4, type(uint256).max) >= uint256(target) / 4);
        assert(Difficulty.retarget(target, elapsed, 60, type(uint256).max) >= uint256(target) / 4);
    }
}
