/// A record batch, or a dictionary batch, in its form for the wire.
public struct ArrowEncodedRecordBatch: Sendable {
    /// The message's metadata, as `FlightData.data_header` carries it.
    public let header: [UInt8]
    /// The message's body, in pieces that follow one another; padding is among them.
    public let segments: [ArrowBuffer]
    /// How many bytes the segments have together.
    public let bodyByteCount: Int
}

extension ArrowIPC {
    /// The metadata and the body of a record batch. Buffers are not copied, except for slices that
    /// don't begin at a byte's boundary or whose offsets have to begin at 0.
    ///
    /// With a compression other than `.none` each buffer is compressed into memory of its own.
    public static func encodeRecordBatch(
        _ batch: ArrowRecordBatch, compression: ArrowCompression
    ) -> ArrowEncodedRecordBatch {
        encodeRecordBatch(batch).compressed(compression)
    }

    /// The metadata and the body of a record batch, without compression. Buffers are not copied,
    /// except for slices that don't begin at a byte's boundary or whose offsets have to begin at 0.
    ///
    /// Dictionary columns are encoded as their numbers alone: the values have to be sent before, as
    /// `ArrowBatchEncoder` does.
    public static func encodeRecordBatch(_ batch: ArrowRecordBatch) -> ArrowEncodedRecordBatch {
        guard batch.schema.isFlat else { return encodeNested(batch) }
        let nodeCount = batch.columns.count
        let bufferCount = batch.schema.bufferCount
        var segments: [ArrowBuffer] = []
        segments.reserveCapacity(bufferCount * 2)
        var bodyByteCount = 0
        let headerByteCount = RecordBatchHeaderEncoder.byteCount(
            nodeCount: nodeCount, bufferCount: bufferCount)
        let header = [UInt8](unsafeUninitializedCapacity: headerByteCount) { target, count in
            var encoder = RecordBatchHeaderEncoder(
                into: UnsafeMutableRawBufferPointer(target), rowCount: batch.rowCount,
                nodeCount: nodeCount, bufferCount: bufferCount)
            for column in batch.columns {
                encoder.appendNode(length: column.length, nullCount: column.nullCount)
                let (offsets, values) = column.compactBuffers()
                append(column.compactValidity(), &encoder, &segments)
                if let offsets { append(offsets, &encoder, &segments) }
                append(values, &encoder, &segments)
            }
            bodyByteCount = encoder.finish()
            count = headerByteCount
        }
        return ArrowEncodedRecordBatch(
            header: header, segments: segments, bodyByteCount: bodyByteCount)
    }

    private static func encodeNested(_ batch: ArrowRecordBatch) -> ArrowEncodedRecordBatch {
        var collector = RecordBatchCollector()
        for column in batch.columns { collector.append(column) }
        guard collector.variadicCounts.isEmpty else {
            return encode(collector, rowCount: batch.rowCount, dictionary: nil)
        }
        let (nodes, buffers) = (collector.nodes, collector.buffers)
        let headerByteCount = RecordBatchHeaderEncoder.byteCount(
            nodeCount: nodes.count, bufferCount: buffers.count)
        var segments: [ArrowBuffer] = []
        var bodyByteCount = 0
        let header = [UInt8](unsafeUninitializedCapacity: headerByteCount) { target, count in
            var encoder = RecordBatchHeaderEncoder(
                into: UnsafeMutableRawBufferPointer(target), rowCount: batch.rowCount,
                nodeCount: nodes.count, bufferCount: buffers.count)
            for node in nodes {
                encoder.appendNode(length: node.length, nullCount: node.nullCount)
            }
            for buffer in buffers { append(buffer, &encoder, &segments) }
            bodyByteCount = encoder.finish()
            count = headerByteCount
        }
        return ArrowEncodedRecordBatch(
            header: header, segments: segments, bodyByteCount: bodyByteCount)
    }

    /// The metadata and the body of a dictionary batch of values.
    static func encodeDictionaryBatch(
        _ values: ArrowArray, id: Int64, isDelta: Bool
    ) -> ArrowEncodedRecordBatch {
        var collector = RecordBatchCollector()
        collector.append(values)
        return encode(
            collector, rowCount: values.length,
            dictionary: RecordBatchMetadata.Dictionary(id: id, isDelta: isDelta))
    }

    /// Batches whose metadata has more than counts, nodes and buffers.
    private static func encode(
        _ collector: RecordBatchCollector, rowCount: Int,
        dictionary: RecordBatchMetadata.Dictionary?
    ) -> ArrowEncodedRecordBatch {
        var segments: [ArrowBuffer] = []
        var metadata = RecordBatchMetadata(collector, rowCount: rowCount, dictionary: dictionary)
        for buffer in collector.buffers {
            metadata.buffers.append((metadata.bodyByteCount, buffer.count))
            let padding = ArrowFormat.padding(after: buffer.count)
            metadata.bodyByteCount += buffer.count + padding
            if buffer.count > 0 { segments.append(buffer) }
            if padding > 0 { segments.append(.padding(padding)) }
        }
        return ArrowEncodedRecordBatch(
            header: metadata.encode(), segments: segments, bodyByteCount: metadata.bodyByteCount)
    }

    private static func append(
        _ buffer: ArrowBuffer, _ encoder: inout RecordBatchHeaderEncoder,
        _ segments: inout [ArrowBuffer]
    ) {
        encoder.appendBuffer(byteCount: buffer.count)
        if buffer.count == 0 { return }
        segments.append(buffer)
        let padding = ArrowFormat.padding(after: buffer.count)
        if padding > 0 { segments.append(.padding(padding)) }
    }
}

extension ArrowArray {
    /// The validity bitmap of just the array's rows; empty if nothing is null.
    func compactValidity() -> ArrowBuffer {
        guard let validity else { return .empty }
        return bits(of: validity)
    }

    /// Offsets (nil if the type has none) and values of just the array's rows.
    func compactBuffers() -> (offsets: ArrowBuffer?, values: ArrowBuffer) {
        switch layout {
        case .bit: return (nil, bits(of: values))
        case .fixedWidth(let width):
            return (nil, values.slice(offset: offset * width, count: length * width))
        case .variable32: return compactVariable(Int32.self)
        case .variable64: return compactVariable(Int64.self)
        default: wrongType("flat")
        }
    }

    private func bits(of bitmap: ArrowBuffer) -> ArrowBuffer {
        let byteCount = ArrowBitmap.byteCount(bits: length)
        if offset & 7 == 0 { return bitmap.slice(offset: offset >> 3, count: byteCount) }
        let copy = ArrowMemory(capacity: byteCount)
        copy.appendZeroes(byteCount)
        ArrowBitmap.copy(
            from: bitmap.base, offset: offset, to: copy.base, offset: 0, count: length)
        withExtendedLifetime(bitmap.owner) {}
        return copy.buffer()
    }

    private func compactVariable<Offset: FixedWidthInteger & BitwiseCopyable>(
        _ type: Offset.Type
    ) -> (ArrowBuffer?, ArrowBuffer) {
        let width = MemoryLayout<Offset>.size
        if length == 0 { return (.padding(width), .empty) }
        let start = byteRange(0).lowerBound
        let end = byteRange(length - 1).upperBound
        let used = values.slice(offset: start, count: end - start)
        let view = offsets.slice(offset: offset * width, count: (length + 1) * width)
        if start == 0 { return (view, used) }
        let rebased = ArrowMemory(capacity: (length + 1) * width)
        for row in 0...length { rebased.append(view.load(type, at: row) &- Offset(start)) }
        return (rebased.buffer(), used)
    }
}
