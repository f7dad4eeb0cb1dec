// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the solver understands of forge's cheat codes, at the address where it answers them.
interface Vm {
    function assume(bool condition) external pure;
}

/// @notice Tests that hold for every input at once: each `check_` function is run once, on symbols.
abstract contract Symbolic {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function _sha256d(bytes memory data) internal pure returns (bytes32) {
        return sha256(bytes.concat(sha256(data)));
    }
}
