// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

/// @notice Reads the vector files that the Python tests read too: lists of objects with 0x hex strings.
abstract contract Vectors is Test {
    string private _json;
    string private _list;

    function _open(string memory file, string memory list) internal {
        _json = vm.readFile(string.concat("tests/vectors/", file));
        _list = list;
    }

    /// @dev The number of cases; an empty or renamed list would otherwise pass as tested.
    function _count() internal view returns (uint256 count) {
        while (vm.keyExistsJson(_json, _key(count, "name")) || vm.keyExistsJson(_json, _key(count, "kind"))) {
            ++count;
        }
        vm.assertTrue(count > 0, "no cases");
    }

    function _bytes(uint256 index, string memory field) internal view returns (bytes memory) {
        return vm.parseJsonBytes(_json, _key(index, field));
    }

    function _bytes32(uint256 index, string memory field) internal view returns (bytes32) {
        return vm.parseJsonBytes32(_json, _key(index, field));
    }

    function _list32(uint256 index, string memory field) internal view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(_json, _key(index, field));
    }

    function _uint32(uint256 index, string memory field) internal view returns (uint32) {
        return uint32(vm.parseJsonUint(_json, _key(index, field)));
    }

    function _bool(uint256 index, string memory field) internal view returns (bool) {
        return vm.parseJsonBool(_json, _key(index, field));
    }

    function _is(uint256 index, string memory field, string memory value) internal view returns (bool) {
        return keccak256(bytes(_string(index, field))) == keccak256(bytes(value));
    }

    function _string(uint256 index, string memory field) internal view returns (string memory) {
        return vm.parseJsonString(_json, _key(index, field));
    }

    function _key(uint256 index, string memory field) private view returns (string memory) {
        return string.concat(".", _list, "[", vm.toString(index), "].", field);
    }
}
