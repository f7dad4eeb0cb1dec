// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {ClassMask} from "../libraries/ClassMask.sol";
import {Header} from "../libraries/Header.sol";

/// @notice What a deployment fixes for ever.
abstract contract Configuration is IBema {
    uint256 private constant MINIMUM_CLASSES = 2;
    uint256 private constant MAXIMUM_CLASSES = 256;
    uint256 private constant MINIMUM_TARGET = 1;
    uint256 private constant MINIMUM_SPACING = 1;
    /// @dev A quarter of a period is then at least one second.
    uint256 private constant MINIMUM_INTERVAL = 4;
    uint256 private constant MINIMUM_EASING = 1;
    uint256 private constant MINIMUM_WINDOW = 1;

    bytes32 internal immutable RULES_DIGEST;
    uint16 internal immutable CLASSES;
    uint8 internal immutable APPROVALS_PER_CLASS;
    uint32 internal immutable COMMITMENT_EXPIRY;
    uint256 internal immutable TARGET;
    uint256 internal immutable MAX_TARGET;
    uint32 internal immutable BLOCK_SPACING;
    uint32 internal immutable RETARGET_INTERVAL;
    uint32 internal immutable EASING_SPACINGS;
    uint32 internal immutable CHALLENGE_WINDOW;
    uint8 internal immutable QUORUM;
    uint96 internal immutable BOND;
    uint96 internal immutable MAX_REWARD_PER_BLOCK;
    uint256 internal immutable ALL_CLASSES;

    /// @inheritdoc IBema
    bytes32 public immutable genesisHash;

    constructor(Parameters memory given) {
        if (given.rulesDigest == 0) revert ZeroRulesDigest();
        if (given.classes < MINIMUM_CLASSES || given.classes > MAXIMUM_CLASSES) {
            revert ClassCountOutOfRange(given.classes, MINIMUM_CLASSES, MAXIMUM_CLASSES);
        }
        _requireTargets(given);
        if (given.challengeWindow < MINIMUM_WINDOW) {
            revert ChallengeWindowOutOfRange(given.challengeWindow, MINIMUM_WINDOW);
        }
        // A false block must not pay its miner more than it costs.
        if (given.bond < given.maxRewardPerBlock) revert BondOutOfRange(given.bond, given.maxRewardPerBlock);
        RULES_DIGEST = given.rulesDigest;
        CLASSES = given.classes;
        APPROVALS_PER_CLASS = given.approvalsPerClass;
        COMMITMENT_EXPIRY = given.commitmentExpiry;
        TARGET = given.target;
        MAX_TARGET = given.maxTarget;
        BLOCK_SPACING = given.blockSpacing;
        RETARGET_INTERVAL = given.retargetInterval;
        EASING_SPACINGS = given.easingSpacings;
        CHALLENGE_WINDOW = given.challengeWindow;
        QUORUM = given.quorum;
        BOND = given.bond;
        MAX_REWARD_PER_BLOCK = given.maxRewardPerBlock;
        ALL_CLASSES = ClassMask.firstClasses(given.classes);
        genesisHash = Header.genesisHash(block.chainid, address(this), given.rulesDigest);
    }

    /// @inheritdoc IBema
    function parameters() external view returns (Parameters memory kept) {
        kept.rulesDigest = RULES_DIGEST;
        kept.classes = CLASSES;
        kept.approvalsPerClass = APPROVALS_PER_CLASS;
        kept.commitmentExpiry = COMMITMENT_EXPIRY;
        kept.target = TARGET;
        kept.maxTarget = MAX_TARGET;
        kept.blockSpacing = BLOCK_SPACING;
        kept.retargetInterval = RETARGET_INTERVAL;
        kept.easingSpacings = EASING_SPACINGS;
        kept.challengeWindow = CHALLENGE_WINDOW;
        kept.quorum = QUORUM;
        kept.bond = BOND;
        kept.maxRewardPerBlock = MAX_REWARD_PER_BLOCK;
    }

    function _requireTargets(Parameters memory given) private pure {
        if (given.target < MINIMUM_TARGET || given.target > given.maxTarget) {
            revert TargetOutOfRange(given.target, MINIMUM_TARGET, given.maxTarget);
        }
        if (given.blockSpacing < MINIMUM_SPACING) {
            revert BlockSpacingOutOfRange(given.blockSpacing, MINIMUM_SPACING);
        }
        if (given.retargetInterval < MINIMUM_INTERVAL) {
            revert RetargetIntervalOutOfRange(given.retargetInterval, MINIMUM_INTERVAL);
        }
        if (given.easingSpacings < MINIMUM_EASING) {
            revert EasingSpacingsOutOfRange(given.easingSpacings, MINIMUM_EASING);
        }
    }
}
