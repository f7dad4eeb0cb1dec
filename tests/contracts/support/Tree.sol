// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A whole Merkle tree built level by level, as docs/protocol.md tells it: the oracle of the library, which only
/// climbs from one leaf.
library Tree {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory level = leaves;
        while (level.length > 1) {
            level = _parents(level);
        }
        return _sha256d(abi.encodePacked(uint8(2), uint32(leaves.length), level[0]));
    }

    function proof(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory siblings) {
        bytes32[] memory level = leaves;
        bytes32[] memory found = new bytes32[](32);
        uint256 depth = 0;
        for (; level.length > 1; index /= 2) {
            uint256 sibling = index % 2 == 0 ? index + 1 : index - 1;
            found[depth++] = sibling < level.length ? level[sibling] : bytes32(0);
            level = _parents(level);
        }
        siblings = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            siblings[i] = found[i];
        }
    }

    /// @dev Distinct leaves out of one seed.
    function leavesOf(bytes32 seed, uint256 count) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }

    function _parents(bytes32[] memory level) private pure returns (bytes32[] memory parents) {
        parents = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < parents.length; ++i) {
            bytes32 right = 2 * i + 1 < level.length ? level[2 * i + 1] : bytes32(0);
            parents[i] = _sha256d(abi.encodePacked(uint8(1), level[2 * i], right));
        }
    }

    function _sha256d(bytes memory data) private pure returns (bytes32) {
        return sha256(bytes.concat(sha256(data)));
    }
}
