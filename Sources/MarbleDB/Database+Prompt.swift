import MarbleArrow
package import MarbleCluster
import MarbleFlight
import MarbleStore
import NIOCore
import Synchronization

extension Database: RaftPromptStateMachine {
    private static let promptByteCountMax = 64 << 10

    /// A few small batches for tables that needn't merge for them.
    package func isPrompt(_ entries: [RaftEntry]) -> Bool {
        var byteCount = 0
        var rowCount = 0
        var tableIDs: [UInt64] = []
        for entry in entries {
            byteCount += entry.payload.readableBytes
            guard byteCount <= Self.promptByteCountMax,
                let prefix = try? CommandDecoder.prefix(of: ArrowBuffer(entry.payload)),
                prefix.operation.isWrite
            else { return false }
            rowCount += prefix.rowCount
            if !tableIDs.contains(prefix.tableID) { tableIDs.append(prefix.tableID) }
        }
        return tableIDs.allSatisfy { id in
            catalog.withLock { $0.byID[id] }?.store.takesPromptly(
                batchCount: entries.count, rowCount: rowCount, byteCount: byteCount) ?? true
        }
    }
}
