/// Encodes one value for a column of a type.
final class RowValueEncoder: Encoder {
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]
    let type: ArrowType
    private var single: ArrowValue?
    private var keyed: [String: ArrowValue]?
    private var keyOrder: [String] = []
    private var items: [ArrowValue]?
    /// Nested containers, which are filled in after they were asked for.
    private var openKeys: [(key: String, encoder: RowValueEncoder)] = []
    private var openItems: [(index: Int, encoder: RowValueEncoder)] = []

    private init(_ type: ArrowType, _ path: [any CodingKey]) {
        self.type = type
        codingPath = path
    }

    static func value(
        _ value: some Encodable, _ type: ArrowType, _ path: [any CodingKey]
    ) throws -> ArrowValue {
        do {
            if let whole = try RowValue.whole(value, type) { return try fit(whole, type, path) }
        } catch let error as RowCodingError {
            throw RowCodingError(error.flaw, path)
        }
        let encoder = RowValueEncoder(type, path)
        try value.encode(to: encoder)
        return try encoder.finish()
    }

    static func fit(
        _ value: ArrowValue, _ type: ArrowType, _ path: [any CodingKey]
    ) throws -> ArrowValue {
        guard let fitting = RowValue.fitting(value, type) else {
            throw RowCodingError(
                "\(ArrowValueText.text(value, .null)) doesn't fit a column of \(type)", path)
        }
        return fitting
    }

    private func finish() throws -> ArrowValue {
        for open in openKeys { keyed?[open.key] = try open.encoder.finish() }
        for open in openItems { items?[open.index] = try open.encoder.finish() }
        if let single { return single }
        if let items {
            if case .fixedSizeList(_, let size) = type, items.count != size {
                throw RowCodingError("has \(items.count) items instead of \(size)", codingPath)
            }
            if !type.canHoldNullItems && items.contains(.null) {
                throw RowCodingError("has an item without a value, but may have none", codingPath)
            }
            return .list(items)
        }
        guard let keyed else {
            // A type without properties has nothing to encode.
            return try structure([:])
        }
        if case .map(_, _) = type {
            let mayBeNull = type.children.first?.type.children.last?.nullable ?? true
            if !mayBeNull, let key = keyOrder.first(where: { keyed[$0] == .null }) {
                throw RowCodingError(
                    "has no value, but may not be null",
                    codingPath + [RowCodingKey(stringValue: key)])
            }
            return .map(
                keyOrder.map { ArrowValue.Entry(key: .text($0), value: keyed[$0] ?? .null) })
        }
        return try structure(keyed)
    }

    private func structure(_ values: [String: ArrowValue]) throws -> ArrowValue {
        guard case .struct(let fields) = type else {
            throw RowCodingError("has properties, which a column of \(type) can't hold", codingPath)
        }
        return .structure(
            try fields.map { field in
                let value = values[field.name] ?? .null
                guard value != .null || field.nullable else {
                    throw RowCodingError(
                        "has no value, but may not be null",
                        codingPath + [RowCodingKey(stringValue: field.name)])
                }
                return value
            })
    }

    /// The type of what has a key.
    fileprivate func type(of key: any CodingKey) throws -> ArrowType {
        switch type {
        case .struct(let fields):
            guard let field = fields.first(where: { $0.name == key.stringValue }) else {
                throw RowCodingError("the schema has no such column", codingPath + [key])
            }
            return field.type
        case .map:
            let types = type.entryTypes
            guard types.key.isText else {
                throw RowCodingError("only maps with keys of text can be encoded", codingPath)
            }
            return types.value
        default:
            throw RowCodingError("has properties, which a column of \(type) can't hold", codingPath)
        }
    }

    fileprivate func put(_ value: ArrowValue, _ key: any CodingKey) {
        if keyed?.updateValue(value, forKey: key.stringValue) == nil {
            keyOrder.append(key.stringValue)
        }
    }

    /// An encoder for what a nested container holds. What doesn't fit is noticed at the end.
    fileprivate func open(key: any CodingKey) -> RowValueEncoder {
        let type = (try? type(of: key)) ?? .null
        let encoder = RowValueEncoder(type, codingPath + [key])
        put(.null, key)
        openKeys.append((key.stringValue, encoder))
        return encoder
    }

    fileprivate func openItem() -> RowValueEncoder {
        let index = itemCount
        let encoder = RowValueEncoder(
            type.items, codingPath + [RowCodingKey(intValue: index)])
        items?.append(.null)
        openItems.append((index, encoder))
        return encoder
    }

    fileprivate var itemCount: Int { items?.count ?? 0 }

    fileprivate func put(item: ArrowValue) {
        items?.append(item)
    }

    fileprivate func put(single value: ArrowValue) {
        single = value
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if keyed == nil { keyed = [:] }
        return KeyedEncodingContainer(RowKeyedEncoding<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if items == nil { items = [] }
        return RowUnkeyedEncoding(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        RowSingleEncoding(encoder: self)
    }
}

extension ArrowType {
    /// Whether items of a list may be null.
    fileprivate var canHoldNullItems: Bool {
        switch self {
        case .list(let item), .largeList(let item), .listView(let item), .largeListView(let item),
            .fixedSizeList(let item, _):
            item.nullable
        case .dictionary(_, let value, _): value.canHoldNullItems
        case .runEndEncoded(_, let values): values.type.canHoldNullItems
        default: true
        }
    }
}

private struct RowKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: RowValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) throws {
        _ = try encoder.type(of: key)
        encoder.put(.null, key)
    }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        let type = try encoder.type(of: key)
        encoder.put(try RowValueEncoder.value(value, type, codingPath + [key]), key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder.open(key: key).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.open(key: key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        encoder.open(key: RowCodingKey(stringValue: "super"))
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        encoder.open(key: key)
    }
}

private struct RowUnkeyedEncoding: UnkeyedEncodingContainer {
    let encoder: RowValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.itemCount }

    func encodeNil() throws {
        encoder.put(item: .null)
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        let path = codingPath + [RowCodingKey(intValue: count)]
        encoder.put(item: try RowValueEncoder.value(value, encoder.type.items, path))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        encoder.openItem().container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        encoder.openItem().unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        encoder.openItem()
    }
}

private struct RowSingleEncoding: SingleValueEncodingContainer {
    let encoder: RowValueEncoder
    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() throws {
        encoder.put(single: .null)
    }

    func encode<Value: Encodable>(_ value: Value) throws {
        guard let plain = Self.plain(value) else {
            encoder.put(single: try RowValueEncoder.value(value, encoder.type, codingPath))
            return
        }
        encoder.put(single: try RowValueEncoder.fit(plain, encoder.type, codingPath))
    }

    /// The values that `Codable` ends at.
    private static func plain(_ value: Any) -> ArrowValue? {
        switch value {
        case let value as Bool: .bool(value)
        case let value as String: .text(value)
        case let value as Double: .double(value)
        case let value as Float: .double(Double(value))
        case let value as Int: .int(Int64(value))
        case let value as Int64: .int(value)
        case let value as Int32: .int(Int64(value))
        case let value as Int16: .int(Int64(value))
        case let value as Int8: .int(Int64(value))
        case let value as UInt: .uint(UInt64(value))
        case let value as UInt64: .uint(value)
        case let value as UInt32: .uint(UInt64(value))
        case let value as UInt16: .uint(UInt64(value))
        case let value as UInt8: .uint(UInt64(value))
        default: nil
        }
    }
}
