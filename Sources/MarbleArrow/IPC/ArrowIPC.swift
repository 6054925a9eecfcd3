/// Reading and writing of Arrow's IPC messages (Arrow columnar format, "Serialization and
/// Interprocess Communication").
///
/// Metadata here is the bare FlatBuffer, as Flight carries it in `data_header`; in streams it is
/// encapsulated: preceded by a continuation marker and its size, and padded.
public enum ArrowIPC {
    /// Reads the metadata of a message. Only a record batch's counts are looked at; the rest stays
    /// in place until `decodeRecordBatch`.
    ///
    /// Throws `malformed` for damaged bytes, `unsupportedType` for a column of a type that the format
    /// doesn't have (the message names both), `unsupportedFeature` for tensors, unknown compression,
    /// big-endian data and versions before V4, and `limitExceeded`.
    public static func decodeMessage(header: ArrowBuffer) throws(ArrowError) -> ArrowMessage {
        defer { withExtendedLifetime(header.owner) {} }
        guard header.count <= ArrowLimits.metadataByteCountMax else {
            throw ArrowError(
                .limitExceeded,
                "a message's metadata has \(header.count) bytes; the limit is "
                    + "\(ArrowLimits.metadataByteCountMax)")
        }
        let bytes = UnsafeRawBufferPointer(start: header.base, count: header.count)
        let message = try FlatBufferTable.root(of: bytes)
        let version = try message.number(ArrowFormat.MessageSlot.version, default: Int16(0))
        guard version == ArrowFormat.version5 || version == ArrowFormat.version4 else {
            throw unsupportedVersion(version)
        }
        let bodyLength = try message.number(ArrowFormat.MessageSlot.bodyLength, default: Int64(0))
        guard bodyLength >= 0 else {
            throw ArrowError(.malformed, "a message claims a body of \(bodyLength) bytes")
        }
        let kind = try message.number(ArrowFormat.MessageSlot.headerKind, default: UInt8(0))
        guard let table = try message.table(ArrowFormat.MessageSlot.header) else {
            throw ArrowError(.malformed, "an Arrow message has no content")
        }
        switch kind {
        case ArrowFormat.Header.recordBatch:
            return .recordBatch(
                try recordBatchHeader(table, version, header, bodyByteCount: Int(bodyLength)))
        case ArrowFormat.Header.dictionaryBatch:
            typealias Slot = ArrowFormat.DictionaryBatchSlot
            guard let data = try table.table(Slot.data) else {
                throw ArrowError(.malformed, "a dictionary batch has no values")
            }
            return .dictionaryBatch(
                DictionaryBatchHeader(
                    id: try table.number(Slot.id, default: Int64(0)),
                    isDelta: try table.number(Slot.isDelta, default: UInt8(0)) != 0,
                    values: try recordBatchHeader(
                        data, version, header, bodyByteCount: Int(bodyLength))))
        case ArrowFormat.Header.schema:
            guard bodyLength == 0 else {
                throw ArrowError(.malformed, "a schema claims a body of \(bodyLength) bytes")
            }
            return .schema(try SchemaDecoder.decode(table))
        default: throw unsupportedMessage(kind)
        }
    }

    private static func recordBatchHeader(
        _ table: FlatBufferTable, _ version: Int16, _ metadata: ArrowBuffer, bodyByteCount: Int
    ) throws(ArrowError) -> RecordBatchHeader {
        typealias Slot = ArrowFormat.RecordBatchSlot
        let rowCount = try table.number(Slot.length, default: Int64(0))
        guard rowCount >= 0 && rowCount <= ArrowLimits.rowCountMax else {
            throw ArrowError(
                .limitExceeded,
                "a record batch claims \(rowCount) rows; the limit is \(ArrowLimits.rowCountMax)")
        }
        let nodes = try table.vector(Slot.nodes, elementByteCount: ArrowFormat.nodeByteCount)
        let buffers = try table.vector(Slot.buffers, elementByteCount: ArrowFormat.bufferByteCount)
        let variadic = try table.vector(
            Slot.variadicBufferCounts, elementByteCount: MemoryLayout<Int64>.size)
        return RecordBatchHeader(
            rowCount: Int(rowCount), bodyByteCount: bodyByteCount, nodeCount: nodes.count,
            bufferCount: buffers.count, compression: try compression(table), metadata: metadata,
            nodesPosition: nodes.position, buffersPosition: buffers.position,
            variadicPosition: variadic.position, variadicCount: variadic.count,
            hasUnionValidity: version < ArrowFormat.version5)
    }

    @inline(__always)
    private static func compression(
        _ batch: FlatBufferTable
    ) throws(ArrowError) -> ArrowCompressionCodec? {
        guard let table = try batch.table(ArrowFormat.RecordBatchSlot.compression) else {
            return nil
        }
        return try codec(table)
    }

    @inline(never)
    private static func codec(_ table: FlatBufferTable) throws(ArrowError) -> ArrowCompressionCodec
    {
        let number = try table.number(ArrowFormat.CompressionSlot.codec, default: UInt8(0))
        let method = try table.number(ArrowFormat.CompressionSlot.method, default: UInt8(0))
        guard
            let codec = ArrowCompressionCodec(rawValue: number),
            method == ArrowFormat.compressedByBuffer
        else {
            throw ArrowError(
                .unsupportedFeature,
                "the record batch is compressed in an unknown way (codec \(number), method "
                    + "\(method)); write it with LZ4 frames, Zstandard, or without compression")
        }
        return codec
    }

    @inline(never)
    static func unsupportedVersion(_ version: Int16) -> ArrowError {
        if version >= 0 && version < ArrowFormat.version4 {
            return ArrowError(
                .unsupportedFeature,
                "the message is of metadata version V\(version + 1), which predates Arrow 0.8; "
                    + "write it with V4 or V5")
        }
        return ArrowError(
            .unsupportedFeature,
            "the message is of metadata version number \(version); V4 and V5 are supported")
    }

    @inline(never)
    private static func unsupportedMessage(_ kind: UInt8) -> ArrowError {
        switch kind {
        case ArrowFormat.Header.tensor, ArrowFormat.Header.sparseTensor:
            ArrowError(.unsupportedFeature, "tensors are not supported; send record batches")
        default: ArrowError(.malformed, "an Arrow message of unknown kind \(kind)")
        }
    }
}
