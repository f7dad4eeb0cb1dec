// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {ClassMask} from "../libraries/ClassMask.sol";
import {Header} from "../libraries/Header.sol";

/// @notice What a deployment fixes for ever.
abstract contract Configuration is IBema {
    uint256 private constant MINIMUM_CLASSES = 2;
    uint256 private constant MAXIMUM_CLASSES = 256;

    bytes32 internal immutable RULES_DIGEST;
    uint16 internal immutable CLASSES;
    uint8 internal immutable APPROVALS_PER_CLASS;
    uint32 internal immutable COMMITMENT_EXPIRY;
    uint256 internal immutable TARGET;
    uint256 internal immutable ALL_CLASSES;

    /// @inheritdoc IBema
    bytes32 public immutable genesisHash;

    constructor(Parameters memory given) {
        if (given.rulesDigest == 0) revert ZeroRulesDigest();
        if (given.classes < MINIMUM_CLASSES || given.classes > MAXIMUM_CLASSES) {
            revert ClassCountOutOfRange(given.classes, MINIMUM_CLASSES, MAXIMUM_CLASSES);
        }
        RULES_DIGEST = given.rulesDigest;
        CLASSES = given.classes;
        APPROVALS_PER_CLASS = given.approvalsPerClass;
        COMMITMENT_EXPIRY = given.commitmentExpiry;
        TARGET = given.target;
        ALL_CLASSES = ClassMask.firstClasses(given.classes);
        genesisHash = Header.genesisHash(block.chainid, address(this), given.rulesDigest);
    }

    /// @inheritdoc IBema
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            rulesDigest: RULES_DIGEST,
            classes: CLASSES,
            approvalsPerClass: APPROVALS_PER_CLASS,
            commitmentExpiry: COMMITMENT_EXPIRY,
            target: TARGET
        });
    }
}
