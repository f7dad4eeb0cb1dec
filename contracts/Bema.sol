// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Approvals} from "./modules/Approvals.sol";
import {Blocks} from "./modules/Blocks.sol";
import {Commitments} from "./modules/Commitments.sol";
import {Configuration} from "./modules/Configuration.sol";
import {Parties} from "./modules/Parties.sol";

/// @title BEMA
/// @notice Anchors who, what and when of a multiparty learning history: parties, sample commitments and blocks.
contract Bema is Approvals, Commitments, Blocks {
    constructor(Parameters memory given, Founder[] memory founders) Configuration(given) Parties(founders) {}
}
