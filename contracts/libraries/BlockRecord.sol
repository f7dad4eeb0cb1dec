// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What is kept of a block, in one slot. It is never cleared, so a header is accepted at most once.
/// @dev | bits    | field       | meaning                                                                         |
///      | 0..31   | height      | 0 for the genesis hash                                                          |
///      | 32..71  | submittedAt | chain time, s; 0 where the block was never accepted                             |
///      | 72..95  | rollbacks   | how many there had been when it was accepted, or when it became the tip again   |
///      | 96..255 | bondOwner   | the miner, until its bond is returned or slashed                                |
/// A word of its own rather than a struct, since the compiler copies a struct through memory and writes it field by field.
type BlockRecord is uint256;

using BlockRecordLibrary for BlockRecord global;

/// @notice The fields of a block record.
library BlockRecordLibrary {
    uint256 private constant SUBMITTED_AT = 32;
    uint256 private constant ROLLBACKS = 72;
    uint256 private constant BOND_OWNER = 96;

    function pack(uint32 height_, uint40 submittedAt_, uint24 rollbacks_, address bondOwner_)
        internal
        pure
        returns (BlockRecord)
    {
        return BlockRecord.wrap(
            uint256(height_) | uint256(submittedAt_) << SUBMITTED_AT | uint256(rollbacks_) << ROLLBACKS
                | uint256(uint160(bondOwner_)) << BOND_OWNER
        );
    }

    // Each cast cuts the field out.
    // forge-lint: disable-start(unsafe-typecast)

    function height(BlockRecord self) internal pure returns (uint32) {
        return uint32(BlockRecord.unwrap(self));
    }

    function submittedAt(BlockRecord self) internal pure returns (uint40) {
        return uint40(BlockRecord.unwrap(self) >> SUBMITTED_AT);
    }

    function rollbacks(BlockRecord self) internal pure returns (uint24) {
        return uint24(BlockRecord.unwrap(self) >> ROLLBACKS);
    }

    function bondOwner(BlockRecord self) internal pure returns (address) {
        return address(uint160(BlockRecord.unwrap(self) >> BOND_OWNER));
    }

    // forge-lint: disable-end(unsafe-typecast)

    function withRollbacks(BlockRecord self, uint24 rollbacks_) internal pure returns (BlockRecord) {
        return BlockRecord.wrap(
            BlockRecord.unwrap(self) & ~(uint256(type(uint24).max) << ROLLBACKS) | uint256(rollbacks_)
                << ROLLBACKS
        );
    }

    function withoutBondOwner(BlockRecord self) internal pure returns (BlockRecord) {
        return BlockRecord.wrap(BlockRecord.unwrap(self) & ~(uint256(type(uint160).max) << BOND_OWNER));
    }
}
