// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IBema} from "./interfaces/IBema.sol";
import {Approvals} from "./modules/Approvals.sol";
import {Configuration} from "./modules/Configuration.sol";
import {FraudProofs} from "./modules/FraudProofs.sol";
import {Parties} from "./modules/Parties.sol";
import {Rewards} from "./modules/Rewards.sol";
import {Suspensions} from "./modules/Suspensions.sol";

/// @title BEMA
/// @notice Anchors who, what and when of a multiparty learning history: parties, sample commitments, blocks and rewards.
contract Bema is Approvals, Suspensions, FraudProofs, Rewards, IERC165 {
    constructor(Parameters memory given, Founder[] memory founders) Configuration(given) Parties(founders) {}

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IBema).interfaceId || interfaceId == type(IERC165).interfaceId
            || interfaceId == type(IERC5267).interfaceId;
    }
}
