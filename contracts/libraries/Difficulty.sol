// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Targets from chain time. A block hash must be below its target, so a higher target is less work.
library Difficulty {
    /// @notice A period's target changes at most by this factor, up or down.
    uint256 internal constant CLAMP = 4;

    /// @notice The next period's target: floor(target * elapsed / expected), elapsed clamped to expected/4..4*expected, the
    /// result to 1..maximum.
    /// @dev The clamp stops one odd period from throwing the target; the least target 1 can still be eased. The product is
    /// formed in two parts, so no step overflows: expected is below 2^64, and target at most `maximum`.
    /// @param elapsed seconds the last period took
    /// @param expected seconds it should have taken, at least 4
    function retarget(uint256 target, uint256 elapsed, uint256 expected, uint256 maximum)
        internal
        pure
        returns (uint256)
    {
        uint256 time = clamp(elapsed, expected);
        uint256 quotient = target / expected;
        if (quotient > maximum / time) return maximum;
        uint256 whole = quotient * time;
        uint256 rest = (target % expected) * time / expected;
        if (rest > maximum - whole) return maximum;
        uint256 next = whole + rest;
        return next == 0 ? 1 : next;
    }

    /// @notice `elapsed`, but at least a quarter of `expected`, rounded down, and at most four times as much.
    function clamp(uint256 elapsed, uint256 expected) internal pure returns (uint256 time) {
        time = elapsed;
        if (time < expected / CLAMP) time = expected / CLAMP;
        if (time > expected * CLAMP) time = expected * CLAMP;
    }

    /// @notice The target after `waited` seconds without a block: doubled once for every spacing beyond `patience` whole ones.
    /// @dev Stops a strong miner that left from freezing the chain.
    function ease(uint256 target, uint256 waited, uint256 spacing, uint256 patience, uint256 maximum)
        internal
        pure
        returns (uint256)
    {
        uint256 spacings = waited / spacing;
        if (spacings <= patience) return target;
        uint256 doublings = spacings - patience;
        // A shift by 256 or more gives zero, which no target is below or equal to.
        return target > maximum >> doublings ? maximum : target << doublings;
    }
}
