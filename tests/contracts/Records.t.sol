// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../../contracts/interfaces/IBema.sol";
import {ApprovalRecord} from "../../contracts/libraries/ApprovalRecord.sol";
import {BlockRecord, BlockRecordLibrary} from "../../contracts/libraries/BlockRecord.sol";
import {Header} from "../../contracts/libraries/Header.sol";
import {PackedBytes} from "../../contracts/libraries/PackedBytes.sol";
import {PartyRecord, PartyRecordLibrary} from "../../contracts/libraries/PartyRecord.sol";
import {PoolRecord, PoolRecordLibrary} from "../../contracts/libraries/PoolRecord.sol";
import {Rollback, RollbackLibrary} from "../../contracts/libraries/RollbackStack.sol";
import {Signature} from "../../contracts/libraries/Signature.sol";
import {PartyType} from "../../contracts/types/PartyType.sol";
import {Test} from "./support/Test.sol";

/// @notice Each packed word against the struct that the compiler packs into one slot.
contract RecordsTest is Test {
    struct Block {
        uint32 height;
        uint40 submittedAt;
        uint24 rollbacks;
        address bondOwner;
    }

    struct Party {
        uint32 id;
        PartyType kind;
        bool registered;
        uint40 suspendedAt;
    }

    struct Pool {
        uint96 funded;
        uint96 claimed;
        uint32 finalisedHeight;
    }

    struct Past {
        uint24 number;
        uint32 height;
    }

    Block private _block;
    Party private _party;
    Pool private _pool;
    Past private _past;

    function testFuzzBlock(Block memory given, uint24 rollbacks) public {
        BlockRecord record =
            BlockRecordLibrary.pack(given.height, given.submittedAt, given.rollbacks, given.bondOwner);
        vm.assertEq(record.height(), given.height);
        vm.assertEq(record.submittedAt(), given.submittedAt);
        vm.assertEq(record.rollbacks(), given.rollbacks);
        vm.assertEq(record.bondOwner(), given.bondOwner);
        _block = given;
        vm.assertEq(BlockRecord.unwrap(record), _blockWord());
        _block.rollbacks = rollbacks;
        vm.assertEq(BlockRecord.unwrap(record.withRollbacks(rollbacks)), _blockWord());
        _block = given;
        _block.bondOwner = address(0);
        vm.assertEq(BlockRecord.unwrap(record.withoutBondOwner()), _blockWord());
    }

    function testFuzzParty(uint32 id, uint8 kind, uint40 time) public {
        PartyType type_ = PartyType(kind % 3);
        PartyRecord record = PartyRecordLibrary.pack(id, type_);
        _party = Party({id: id, kind: type_, registered: false, suspendedAt: 0});
        _checkParty(record);
        record = record.asRegistered();
        _party.registered = true;
        _checkParty(record);
        record = record.asSuspended(time);
        _party.suspendedAt = time;
        _checkParty(record);
    }

    function testFuzzPool(Pool memory given, uint96 funded) public {
        PoolRecord record = PoolRecordLibrary.pack(given.funded, given.claimed, given.finalisedHeight);
        vm.assertEq(record.funded(), given.funded);
        vm.assertEq(record.claimed(), given.claimed);
        vm.assertEq(record.finalisedHeight(), given.finalisedHeight);
        _pool = given;
        uint256 word;
        assembly ("memory-safe") {
            word := sload(_pool.slot)
        }
        vm.assertEq(PoolRecord.unwrap(record), word);
        PoolRecord more = PoolRecordLibrary.pack(funded, given.claimed, given.finalisedHeight);
        vm.assertEq(PoolRecord.unwrap(record.withFunded(funded)), PoolRecord.unwrap(more));
    }

    function testFuzzRollback(Past memory given) public {
        Rollback record = RollbackLibrary.pack(given.number, given.height);
        vm.assertEq(record.number(), given.number);
        vm.assertEq(record.height(), given.height);
        _past = given;
        uint256 word;
        assembly ("memory-safe") {
            word := sload(_past.slot)
        }
        vm.assertEq(Rollback.unwrap(record), word);
    }

    /// @dev Each field against a slice of the same bytes.
    function testFuzzHeader(bytes32[3] memory words, bytes16 rest) public view {
        this.checkHeader(abi.encodePacked(words, rest));
    }

    function checkHeader(bytes calldata header) external view {
        vm.assertEq(header.length, Header.LENGTH);
        vm.assertEq(Header.parent(header), bytes32(header[0:32]));
        vm.assertEq(Header.merkleRoot(header), bytes32(header[32:64]));
        vm.assertEq(Header.minerInfo(header), bytes32(header[64:96]));
        vm.assertEq(Header.timestamp(header), uint64(bytes8(header[96:104])));
        vm.assertEq(Header.hash(header), sha256(bytes.concat(sha256(header))));
    }

    /// @dev Each field of a record against a slice of the same bytes, wherever the record begins.
    function testFuzzApprovalRecord(bytes[3] memory filling, uint256 which) public view {
        bytes memory approvals = bytes.concat(filling[0], filling[1], filling[2], new bytes(2 * 137));
        this.checkApproval(approvals, (which % (approvals.length / 137)) * 137);
    }

    function checkApproval(bytes calldata approvals, uint256 start) external view {
        bytes calldata record = approvals[start:start + ApprovalRecord.LENGTH];
        vm.assertEq(ApprovalRecord.vouchedClasses(approvals, start), uint256(bytes32(record[0:32])));
        vm.assertEq(ApprovalRecord.nonce(approvals, start), uint256(bytes32(record[32:64])));
        vm.assertEq(ApprovalRecord.deadline(approvals, start), uint64(bytes8(record[64:72])));
        vm.assertEq(ApprovalRecord.SIGNATURE + Signature.LENGTH, ApprovalRecord.LENGTH);
    }

    /// @dev Whole records are counted, a cut one is named.
    function testFuzzRecordCount(bytes memory data, uint256 length) public {
        length = bound(length, 1, 200);
        if (data.length % length == 0) {
            vm.assertEq(this.records(data, length) * length, data.length);
        } else {
            vm.expectRevert(abi.encodeWithSelector(IBema.RecordCutShort.selector, data.length, length));
            this.records(data, length);
        }
    }

    function records(bytes calldata data, uint256 length) external pure returns (uint256) {
        return PackedBytes.records(data, length);
    }

    function _checkParty(PartyRecord record) private view {
        vm.assertEq(record.id(), _party.id);
        vm.assertTrue(record.kind() == _party.kind);
        vm.assertTrue(record.isOriginal() == (_party.kind == PartyType.OriginalParty));
        vm.assertTrue(
            record.mayJudge() == (_party.kind == PartyType.OriginalParty && _party.suspendedAt == 0)
        );
        vm.assertTrue(record.registered() == _party.registered);
        vm.assertEq(record.suspendedAt(), _party.suspendedAt);
        uint256 word;
        assembly ("memory-safe") {
            word := sload(_party.slot)
        }
        vm.assertEq(PartyRecord.unwrap(record), word);
    }

    function _blockWord() private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := sload(_block.slot)
        }
    }
}
