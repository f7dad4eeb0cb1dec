// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./support/Test.sol";

/// @notice The bytecode that the Python package ships is the bytecode tested here.
contract ArtifactTest is Test {
    function testShippedBytecodeIsTheTestedOne() public view {
        string memory artifact = vm.readFile("bema_py/chain/artifacts/Bema.json");
        bytes memory shipped = vm.parseJsonBytes(artifact, ".bytecode");
        vm.assertEq(
            keccak256(shipped), keccak256(vm.getCode("Bema.sol:Bema")), "run python -m deploy.compile"
        );
    }
}
