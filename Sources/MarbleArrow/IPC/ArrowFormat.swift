/// The names and numbers of the format that reader and writer share (Arrow's Message.fbs and
/// Schema.fbs). Slots count a table's fields; a union takes two, for its kind and its value.
enum ArrowFormat {
    /// Begins an encapsulated message of a stream.
    static let continuation: UInt32 = 0xFFFF_FFFF
    /// Bytes before an encapsulated message's metadata: the continuation and the metadata's size.
    static let prefixByteCount = 8
    /// What the beginnings of buffers in a body are rounded up to.
    static let alignment = 8

    /// MetadataVersion
    static let version4: Int16 = 3
    static let version5: Int16 = 4

    /// MessageHeader
    enum Header {
        static let schema: UInt8 = 1
        static let dictionaryBatch: UInt8 = 2
        static let recordBatch: UInt8 = 3
        static let tensor: UInt8 = 4
        static let sparseTensor: UInt8 = 5
    }

    enum MessageSlot {
        static let version = 0
        static let headerKind = 1
        static let header = 2
        static let bodyLength = 3
    }

    enum RecordBatchSlot {
        static let length = 0
        static let nodes = 1
        static let buffers = 2
        static let compression = 3
        static let variadicBufferCounts = 4
    }

    enum CompressionSlot {
        static let codec = 0
        static let method = 1
    }

    /// BodyCompressionMethod: each buffer is compressed by itself.
    static let compressedByBuffer: UInt8 = 0
    /// Bytes before a compressed buffer: how many it will have when it is decompressed.
    static let compressedPrefixByteCount = 8
    /// Stands there in front of a buffer that is stored as it is.
    static let notCompressed: Int64 = -1

    /// FieldNode {length, null_count: int64} and Buffer {offset, length: int64}
    static let nodeByteCount = 16
    static let bufferByteCount = 16

    enum SchemaSlot {
        static let endianness = 0
        static let fields = 1
        static let metadata = 2
    }

    enum FieldSlot {
        static let name = 0
        static let nullable = 1
        static let typeKind = 2
        static let type = 3
        static let dictionary = 4
        static let children = 5
        static let metadata = 6
    }

    /// DictionaryEncoding
    enum DictionarySlot {
        static let id = 0
        static let indexType = 1
        static let isOrdered = 2
        static let kind = 3
    }

    enum DictionaryBatchSlot {
        static let id = 0
        static let data = 1
        static let isDelta = 2
    }

    enum KeyValueSlot {
        static let key = 0
        static let value = 1
    }

    /// The members of the union Type, by number.
    enum TypeKind: UInt8 {
        case null = 1
        case int, floatingPoint, binary, utf8, bool, decimal, date, time, timestamp, interval
        case list, `struct`, union, fixedSizeBinary, fixedSizeList, map, duration, largeBinary
        case largeUtf8, largeList, runEndEncoded, binaryView, utf8View, listView, largeListView

        /// The name in Schema.fbs.
        var name: String {
            switch self {
            case .null: "Null"
            case .int: "Int"
            case .floatingPoint: "FloatingPoint"
            case .binary: "Binary"
            case .utf8: "Utf8"
            case .bool: "Bool"
            case .decimal: "Decimal"
            case .date: "Date"
            case .time: "Time"
            case .timestamp: "Timestamp"
            case .interval: "Interval"
            case .list: "List"
            case .struct: "Struct"
            case .union: "Union"
            case .fixedSizeBinary: "FixedSizeBinary"
            case .fixedSizeList: "FixedSizeList"
            case .map: "Map"
            case .duration: "Duration"
            case .largeBinary: "LargeBinary"
            case .largeUtf8: "LargeUtf8"
            case .largeList: "LargeList"
            case .runEndEncoded: "RunEndEncoded"
            case .binaryView: "BinaryView"
            case .utf8View: "Utf8View"
            case .listView: "ListView"
            case .largeListView: "LargeListView"
            }
        }
    }

    /// How many bytes follow `count` bytes up to the next boundary.
    @inline(__always)
    static func padding(after count: Int) -> Int {
        -count & (alignment - 1)
    }
}
