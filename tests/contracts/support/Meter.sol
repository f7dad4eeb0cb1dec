// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "./Test.sol";

/// @notice What forge records of calls and logs.
interface Recorder {
    struct ChainInfo {
        uint256 forkId;
        uint256 chainId;
    }

    struct StorageAccess {
        address account;
        bytes32 slot;
        bool isWrite;
        bytes32 previousValue;
        bytes32 newValue;
        bool reverted;
    }

    struct AccountAccess {
        ChainInfo chainInfo;
        uint8 kind;
        address account;
        address accessor;
        bool initialized;
        uint256 oldBalance;
        uint256 newBalance;
        bytes deployedCode;
        uint256 value;
        bytes data;
        bool reverted;
        StorageAccess[] storageAccesses;
        uint64 depth;
        uint64 oldNonce;
        uint64 newNonce;
    }

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function startStateDiffRecording() external;
    function stopAndReturnStateDiff() external returns (AccountAccess[] memory);
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function serializeUint(string calldata object, string calldata key, uint256 value)
        external
        returns (string memory);
    function createDir(string calldata path, bool recursive) external;
    function writeJson(string calldata json, string calldata path) external;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
}

/// @notice Measures a call as a whole transaction, and counts what no implementation of the same layout could save: calldata,
/// each slot's first access and write, logs, precompiles and payment.
/// @dev Prices of Cancun: EIP-2028, EIP-2929, EIP-2200, EIP-3529. They are counted from what happened, slot by slot; a slot that is
/// touched twice counts once.
abstract contract Meter is Test {
    struct Floor {
        uint256 zeros;
        uint256 nonzeros;
        uint256 slotsRead;
        uint256 slotsChanged;
        uint256 slotsNew;
        uint256 slotsCleared;
        uint256 logs;
        uint256 topics;
        uint256 logBytes;
        uint256 sha256Calls;
        uint256 sha256Words;
        uint256 recoveries;
        uint256 payments;
    }

    Recorder private constant RECORDER = Recorder(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Keys of slots seen in the present measurement.
    bytes32[] private _seen;
    bytes32[] private _before;
    bytes32[] private _after;

    /// @dev Measures the call; or records what it does. Not both: the recorder reads slots before the contract does, which
    /// makes them cheaper.
    function _meter(string memory name, address sender, address callee, uint256 value, bytes memory data)
        internal
    {
        RECORDER.createDir("cache/gas", true);
        bool recording = _recording();
        if (recording) {
            RECORDER.recordLogs();
            RECORDER.startStateDiffRecording();
        }
        vm.prank(sender);
        (bool done,) = callee.call{value: value}(data);
        if (recording) _write(name, _floorOf(callee, data));
        else _writeGas(name, RECORDER.snapshotGasLastCall("transactions", name));
        vm.assertTrue(done, name);
    }

    function _recording() internal pure virtual returns (bool);

    function _floorOf(address callee, bytes memory data) private returns (Floor memory floor) {
        Recorder.AccountAccess[] memory accesses = RECORDER.stopAndReturnStateDiff();
        _countData(floor, data);
        _countAccesses(floor, accesses, callee);
        _countLogs(floor, RECORDER.getRecordedLogs());
    }

    function _writeGas(string memory name, uint256 gas) private {
        RECORDER.writeJson(
            RECORDER.serializeUint(name, "gas", gas), string.concat("cache/gas/", name, ".json")
        );
    }

    function _countData(Floor memory floor, bytes memory data) private pure {
        for (uint256 i = 0; i < data.length; ++i) {
            if (data[i] == 0) ++floor.zeros;
            else ++floor.nonzeros;
        }
    }

    function _countAccesses(Floor memory floor, Recorder.AccountAccess[] memory accesses, address callee)
        private
    {
        delete _seen;
        delete _before;
        delete _after;
        for (uint256 i = 0; i < accesses.length; ++i) {
            Recorder.AccountAccess memory access = accesses[i];
            if (access.account == address(2)) {
                ++floor.sha256Calls;
                floor.sha256Words += (access.data.length + 31) / 32;
            }
            if (access.account == address(1)) ++floor.recoveries;
            if (access.accessor == callee && access.value != 0) ++floor.payments;
            for (uint256 j = 0; j < access.storageAccesses.length; ++j) {
                _note(access.storageAccesses[j]);
            }
        }
        for (uint256 i = 0; i < _seen.length; ++i) {
            if (_before[i] == _after[i]) ++floor.slotsRead;
            else if (_before[i] == 0) ++floor.slotsNew;
            else if (_after[i] == 0) ++floor.slotsCleared;
            else ++floor.slotsChanged;
        }
    }

    function _note(Recorder.StorageAccess memory access) private {
        uint256 place = 0;
        while (place < _seen.length && _seen[place] != access.slot) {
            ++place;
        }
        if (place == _seen.length) {
            _seen.push(access.slot);
            _before.push(access.previousValue);
            _after.push(access.previousValue);
        }
        if (access.isWrite) _after[place] = access.newValue;
    }

    function _countLogs(Floor memory floor, Recorder.Log[] memory logs) private pure {
        floor.logs = logs.length;
        for (uint256 i = 0; i < logs.length; ++i) {
            floor.topics += logs[i].topics.length;
            floor.logBytes += logs[i].data.length;
        }
    }

    function _write(string memory name, Floor memory floor) private {
        RECORDER.serializeUint(name, "zeros", floor.zeros);
        RECORDER.serializeUint(name, "nonzeros", floor.nonzeros);
        RECORDER.serializeUint(name, "slots_read", floor.slotsRead);
        RECORDER.serializeUint(name, "slots_changed", floor.slotsChanged);
        RECORDER.serializeUint(name, "slots_new", floor.slotsNew);
        RECORDER.serializeUint(name, "slots_cleared", floor.slotsCleared);
        RECORDER.serializeUint(name, "logs", floor.logs);
        RECORDER.serializeUint(name, "topics", floor.topics);
        RECORDER.serializeUint(name, "log_bytes", floor.logBytes);
        RECORDER.serializeUint(name, "sha256_calls", floor.sha256Calls);
        RECORDER.serializeUint(name, "sha256_words", floor.sha256Words);
        RECORDER.serializeUint(name, "recoveries", floor.recoveries);
        string memory row = RECORDER.serializeUint(name, "payments", floor.payments);
        RECORDER.writeJson(row, string.concat("cache/gas/", name, ".floor.json"));
    }
}
