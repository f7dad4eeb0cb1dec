// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../../contracts/interfaces/IBema.sol";
import {Test} from "./Test.sol";

/// @notice Deploys Bema from its compiled bytecode: the contracts have compiler settings of their own, which tests that
/// contained them would have to share.
abstract contract Deployer is Test {
    function _deploy(IBema.Parameters memory given, IBema.Founder[] memory list) internal returns (IBema) {
        return IBema(_create("Bema.sol:Bema", abi.encode(given, list)));
    }

    /// @dev Reverts with the constructor's own reason.
    function _create(string memory artifact, bytes memory arguments) internal returns (address created) {
        bytes memory code = bytes.concat(vm.getCode(artifact), arguments);
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            if iszero(created) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
        }
    }
}
