// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../../contracts/interfaces/IBema.sol";
import {PartyType} from "../../../contracts/types/PartyType.sol";
import {Deployer} from "./Deployer.sol";

/// @notice Three founders over four classes, every class held by exactly two of them, two approvals a class.
/// @dev   class     0  1  2  3
///        founder 1 x  x  x
///        founder 2       x  x
///        founder 3 x  x     x
abstract contract Fixture is Deployer {
    struct Candidate {
        address account;
        bytes32 modelCard;
        uint256 heldClasses;
        uint256 labelSpace;
    }

    struct Approval {
        uint256 vouchedClasses;
        uint256 nonce;
        uint64 deadline;
        bytes signature;
    }

    uint256 internal constant ALL = 15;
    uint256 internal constant HELD_1 = 7;
    uint256 internal constant HELD_2 = 12;
    uint256 internal constant HELD_3 = 11;
    uint256 internal constant GENESIS_TIME = 1_800_000_000;
    uint256 internal constant GENESIS_BLOCK = 100;
    uint32 internal constant EXPIRY = 5;
    uint32 internal constant SPACING = 60;
    uint32 internal constant INTERVAL = 8;
    uint32 internal constant PATIENCE = 6;
    uint32 internal constant WINDOW = 3_600;
    uint96 internal constant MAX_REWARD = 1 ether;
    uint96 internal constant BOND = 1.5 ether;
    bytes32 internal constant RULES = keccak256("rules");
    bytes32 internal constant CARD = keccak256("model card");
    bytes32 internal constant BODY = keccak256("body");
    bytes32 internal constant ROOT = keccak256("root");
    address internal constant STRANGER = address(0xbad);
    address internal constant JOINER = address(0xcafe);

    uint256[3] internal keys;
    address[3] internal founders;
    IBema internal bema;

    function setUp() public virtual {
        vm.roll(GENESIS_BLOCK);
        vm.warp(GENESIS_TIME);
        _nameFounders();
        _openGenesis();
    }

    function _openGenesis() internal {
        bema = _deploy(_parameters(), _founderList());
    }

    function _parameters() internal pure virtual returns (IBema.Parameters memory) {
        return IBema.Parameters({
            rulesDigest: RULES,
            classes: 4,
            approvalsPerClass: 2,
            commitmentExpiry: EXPIRY,
            target: type(uint256).max >> 4,
            maxTarget: type(uint256).max >> 1,
            blockSpacing: SPACING,
            retargetInterval: INTERVAL,
            easingSpacings: PATIENCE,
            challengeWindow: WINDOW,
            quorum: 2,
            bond: BOND,
            maxRewardPerBlock: MAX_REWARD
        });
    }

    function _founderList() internal view returns (IBema.Founder[] memory list) {
        list = new IBema.Founder[](3);
        list[0] = IBema.Founder({account: founders[0], heldClasses: HELD_1});
        list[1] = IBema.Founder({account: founders[1], heldClasses: HELD_2});
        list[2] = IBema.Founder({account: founders[2], heldClasses: HELD_3});
    }

    function _closeGenesis() internal {
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(founders[i]);
            bema.registerOriginalParty(CARD, ALL);
        }
    }

    function _candidate() internal pure returns (Candidate memory) {
        return Candidate({account: JOINER, modelCard: CARD, heldClasses: 1, labelSpace: 3});
    }

    /// @dev Founders 1 and 3 vouch for class 0, in the order of their addresses.
    function _goodApprovals(Candidate memory candidate) internal view returns (Approval[] memory list) {
        list = new Approval[](2);
        list[0] = _approve(candidate, 0, 1, 7, GENESIS_TIME);
        list[1] = _approve(candidate, 2, 1, 7, GENESIS_TIME);
    }

    function _approve(
        Candidate memory candidate,
        uint256 founder,
        uint256 vouched,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (Approval memory) {
        return _approveWithKey(candidate, keys[founder], vouched, nonce, deadline);
    }

    function _approveWithKey(
        Candidate memory candidate,
        uint256 key,
        uint256 vouched,
        uint256 nonce,
        uint256 deadline
    ) internal view returns (Approval memory) {
        bytes32 digest = bema.approvalDigest(
            candidate.account,
            candidate.modelCard,
            candidate.heldClasses,
            candidate.labelSpace,
            vouched,
            nonce,
            uint64(deadline)
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return Approval({
            vouchedClasses: vouched,
            nonce: nonce,
            deadline: uint64(deadline),
            signature: abi.encodePacked(r, s, v)
        });
    }

    function _register(Candidate memory candidate, Approval[] memory approvals) internal returns (uint32) {
        return _register(candidate, _packed(approvals));
    }

    function _register(Candidate memory candidate, bytes memory approvals) internal returns (uint32) {
        vm.prank(candidate.account);
        return bema.registerRegularParty(
            candidate.modelCard, candidate.heldClasses, candidate.labelSpace, approvals
        );
    }

    /// @dev Written out once more, apart from the library under test.
    function _packed(Approval[] memory approvals) internal pure returns (bytes memory) {
        bytes[] memory records = new bytes[](approvals.length);
        for (uint256 i = 0; i < approvals.length; ++i) {
            Approval memory each = approvals[i];
            records[i] = abi.encodePacked(each.vouchedClasses, each.nonce, each.deadline, each.signature);
        }
        return _joined(records);
    }

    function _joined(bytes[] memory records) internal pure returns (bytes memory all) {
        for (uint256 i = 0; i < records.length; ++i) {
            all = bytes.concat(all, records[i]);
        }
    }

    function _join() internal returns (uint32) {
        return _register(_candidate(), _goodApprovals(_candidate()));
    }

    /// @dev A header on the tip, at the present time.
    function _header(bytes32 root, address miner, PartyType partyType, uint64 nonce)
        internal
        view
        returns (bytes memory)
    {
        (bytes32 tip,,) = bema.tip();
        return
            _headerOn(tip, root, _sha256d(abi.encodePacked(miner, uint8(partyType))), block.timestamp, nonce);
    }

    function _headerOn(bytes32 parent, bytes32 root, bytes32 minerInfo, uint256 time, uint64 nonce)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(parent, root, minerInfo, uint64(time), nonce);
    }

    /// @dev The first nonce whose hash is, or with `enough` false is not, below the target.
    function _mine(bytes32 root, address miner, PartyType partyType, bool enough)
        internal
        view
        returns (bytes memory header)
    {
        uint256 target = bema.targetAt(block.timestamp);
        for (uint64 nonce = 0;; ++nonce) {
            header = _header(root, miner, partyType, nonce);
            if ((uint256(_sha256d(header)) < target) == enough) return header;
        }
    }

    function _submit(bytes32 root) internal returns (bytes memory header) {
        header = _mine(root, founders[0], PartyType.OriginalParty, true);
        _send(founders[0], header, 1);
    }

    function _send(address miner, bytes memory header, uint32 leafCount) internal {
        vm.deal(miner, miner.balance + BOND);
        vm.prank(miner);
        bema.submitBlock{value: BOND}(header, BODY, leafCount);
    }

    /// @dev Written out once more, apart from the library under test.
    function _sha256d(bytes memory data) internal pure returns (bytes32) {
        return sha256(bytes.concat(sha256(data)));
    }

    /// @dev Keys in the ascending order of their addresses, as approvals must be.
    function _nameFounders() private {
        keys = [uint256(0xb0b), uint256(0xa11ce), uint256(0xca201)];
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
            founders[i] = vm.addr(keys[i]);
        }
    }
}
