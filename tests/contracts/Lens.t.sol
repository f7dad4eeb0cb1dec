// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockStatus} from "../../contracts/types/BlockStatus.sol";
import {IBema} from "../../contracts/interfaces/IBema.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Chain} from "./support/Chain.sol";

/// @notice The lens' own types, so that the lens itself keeps its compiler settings.
interface ILens {
    struct Overview {
        IBema.Parameters parameters;
        bytes32 genesisHash;
        bool genesisClosed;
        uint32 partyCount;
        bytes32 tip;
        uint32 height;
        uint64 submittedAt;
        uint256 target;
        uint256 funded;
        uint256 claimed;
        uint32 finalisedHeight;
        uint256 held;
    }

    struct AccountView {
        address account;
        uint32 party;
        PartyType kind;
        uint64 suspendedAt;
        uint256 claimed;
        uint256 owed;
    }

    struct BlockView {
        bytes32 blockHash;
        BlockStatus status;
        uint32 height;
        uint64 submittedAt;
        address bondOwner;
    }

    function overview(IBema bema) external view returns (Overview memory);
    function accounts(IBema bema, address[] calldata asked) external view returns (AccountView[] memory);
    function blocks(IBema bema, bytes32[] calldata asked) external view returns (BlockView[] memory);
}

contract LensTest is Chain {
    ILens private lens;

    function setUp() public override {
        super.setUp();
        lens = ILens(_create("BemaLens.sol:BemaLens", ""));
        vm.deal(STRANGER, 9 ether);
        vm.prank(STRANGER);
        bema.fund{value: 9 ether}();
        _join();
    }

    function testOverviewGivesTheTargetOfThisSecond() public {
        vm.warp(GENESIS_TIME + SPACING * (PATIENCE + 2));
        vm.assertEq(lens.overview(bema).target, _parameters().target << 2);
    }

    function testOverview() public {
        bytes memory header = _submit(ROOT);
        ILens.Overview memory seen = lens.overview(bema);
        vm.assertEq(keccak256(abi.encode(seen.parameters)), keccak256(abi.encode(_parameters())));
        vm.assertEq(seen.genesisHash, bema.genesisHash());
        vm.assertTrue(seen.genesisClosed);
        vm.assertEq(seen.partyCount, 4);
        vm.assertEq(seen.tip, _sha256d(header));
        vm.assertEq(seen.height, 1);
        vm.assertEq(seen.submittedAt, GENESIS_TIME);
        vm.assertEq(seen.target, _parameters().target);
        vm.assertEq(seen.funded, 9 ether);
        vm.assertEq(seen.claimed, 0);
        vm.assertEq(seen.finalisedHeight, 0);
        vm.assertEq(seen.held, 9 ether + BOND);
    }

    function testAccounts() public {
        bytes[] memory leaves = new bytes[](2);
        leaves[0] = _goodRecord();
        leaves[1] = _rewardLeaf(JOINER, 1 ether);
        bytes memory header = _growWith(leaves);
        bytes32[] memory siblings = _proofOf(leaves, 1).siblings;
        _finalise();
        vm.prank(JOINER);
        bema.claimReward(header, 2, 1, 1 ether, siblings);
        _suspend(JOINER);

        address[] memory asked = new address[](2);
        asked[0] = JOINER;
        asked[1] = STRANGER;
        ILens.AccountView[] memory seen = lens.accounts(bema, asked);
        _assertAccount(seen[0], JOINER, 4, PartyType.RegularParty, block.timestamp, 1 ether, 1 ether);
        _assertAccount(seen[1], STRANGER, 0, PartyType.Neither, 0, 0, 0);
        vm.prank(JOINER);
        bema.withdraw(JOINER);
        seen = lens.accounts(bema, asked);
        _assertAccount(seen[0], JOINER, 4, PartyType.RegularParty, block.timestamp, 1 ether, 0);
    }

    function testBlocks() public {
        bytes[] memory headers = _growChain(2, 30);
        _reject(headers[1]);
        bytes32[] memory asked = new bytes32[](3);
        asked[0] = _sha256d(headers[0]);
        asked[1] = _sha256d(headers[1]);
        ILens.BlockView[] memory seen = lens.blocks(bema, asked);
        _assertBlock(seen[0], asked[0], BlockStatus.Pending, 1, GENESIS_TIME + 30, founders[0]);
        _assertBlock(seen[1], asked[1], BlockStatus.Orphaned, 2, GENESIS_TIME + 60, address(0));
        _assertBlock(seen[2], 0, BlockStatus.Unknown, 0, 0, address(0));
    }

    function _assertAccount(
        ILens.AccountView memory seen,
        address account,
        uint256 party,
        PartyType kind,
        uint256 suspendedAt,
        uint256 claimed,
        uint256 owed
    ) private pure {
        vm.assertEq(
            keccak256(abi.encode(seen)),
            keccak256(abi.encode(account, party, kind, suspendedAt, claimed, owed))
        );
    }

    function _assertBlock(
        ILens.BlockView memory seen,
        bytes32 blockHash,
        BlockStatus status,
        uint256 height,
        uint256 submittedAt,
        address owner
    ) private pure {
        vm.assertEq(
            keccak256(abi.encode(seen)), keccak256(abi.encode(blockHash, status, height, submittedAt, owner))
        );
    }
}
