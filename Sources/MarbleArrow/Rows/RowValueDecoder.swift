/// Decodes one value of a column of a type.
struct RowValueDecoder: Decoder {
    let value: ArrowValue
    let type: ArrowType
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func decode<Wanted: Decodable>(
        _ wanted: Wanted.Type, _ value: ArrowValue, _ type: ArrowType, _ path: [any CodingKey]
    ) throws -> Wanted {
        if case .union(let typeID, let inner) = value {
            return try decode(wanted, inner, type.member(typeID), path)
        }
        if let whole = RowValue.whole(wanted, of: value, type) { return whole }
        return try wanted.init(from: RowValueDecoder(value: value, type: type, codingPath: path))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        var values: [String: (ArrowValue, ArrowType)] = [:]
        switch value {
        case .structure(let fields):
            for (field, value) in zip(self.type.structFields, fields) {
                if values[field.name] == nil { values[field.name] = (value, field.type) }
            }
        case .map(let entries):
            let types = self.type.entryTypes
            for entry in entries {
                guard case .text(let key) = entry.key else {
                    throw mismatch("is a map whose keys are no text")
                }
                values[key] = (entry.value, types.value)
            }
        default: throw mismatch("is \(self.type), which has no properties")
        }
        return KeyedDecodingContainer(RowKeyedDecoding(values: values, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list(let items) = value else {
            throw mismatch("is \(type), which has no items")
        }
        return RowUnkeyedDecoding(items: items, type: type.items, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        RowSingleDecoding(decoder: self)
    }

    func mismatch(_ flaw: String) -> RowCodingError {
        RowCodingError(flaw, codingPath)
    }
}

private struct RowKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let values: [String: (ArrowValue, ArrowType)]
    let codingPath: [any CodingKey]
    var allKeys: [Key] { values.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool {
        values[key.stringValue] != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        try found(key).value == .null
    }

    func decode<Wanted: Decodable>(_ type: Wanted.Type, forKey key: Key) throws -> Wanted {
        let decoder = try found(key)
        return try RowValueDecoder.decode(type, decoder.value, decoder.type, decoder.codingPath)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try found(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try found(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        try found(RowCodingKey(stringValue: "super"))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        try found(key)
    }

    private func found(_ key: any CodingKey) throws -> RowValueDecoder {
        guard let (value, type) = values[key.stringValue] else {
            throw RowCodingError("is asked for, but there is no such column", codingPath + [key])
        }
        return RowValueDecoder(value: value, type: type, codingPath: codingPath + [key])
    }
}

private struct RowUnkeyedDecoding: UnkeyedDecodingContainer {
    let items: [ArrowValue]
    let type: ArrowType
    let codingPath: [any CodingKey]
    var currentIndex = 0
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex >= items.count }

    private func next() throws -> RowValueDecoder {
        guard !isAtEnd else { throw RowCodingError("has no more items", codingPath) }
        return RowValueDecoder(
            value: items[currentIndex], type: type,
            codingPath: codingPath + [RowCodingKey(intValue: currentIndex)])
    }

    mutating func decodeNil() throws -> Bool {
        guard try next().value == .null else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Wanted: Decodable>(_ type: Wanted.Type) throws -> Wanted {
        let decoder = try next()
        let value = try RowValueDecoder.decode(
            type, decoder.value, decoder.type, decoder.codingPath)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let container = try next().container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try next().unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try next()
        currentIndex += 1
        return decoder
    }
}

private struct RowSingleDecoding: SingleValueDecodingContainer {
    let decoder: RowValueDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool {
        decoder.value == .null
    }

    func decode<Wanted: Decodable>(_ type: Wanted.Type) throws -> Wanted {
        guard let plain = type as? any RowPlainValue.Type else {
            return try RowValueDecoder.decode(type, decoder.value, decoder.type, codingPath)
        }
        guard let value = plain.init(decoder.value) as? Wanted else {
            let text = ArrowValueText.text(decoder.value, decoder.type)
            throw decoder.mismatch("\(text) of \(decoder.type) is no \(type)")
        }
        return value
    }
}

/// The values that `Codable` ends at.
private protocol RowPlainValue {
    /// Nil if the value isn't one.
    init?(_ value: ArrowValue)
}

extension Bool: RowPlainValue {
    fileprivate init?(_ value: ArrowValue) {
        guard case .bool(let value) = value else { return nil }
        self = value
    }
}

extension String: RowPlainValue {
    fileprivate init?(_ value: ArrowValue) {
        guard case .text(let value) = value else { return nil }
        self = value
    }
}

extension RowPlainValue where Self: FixedWidthInteger {
    fileprivate init?(_ value: ArrowValue) {
        switch value {
        case .int(let number): self.init(exactly: number)
        case .uint(let number): self.init(exactly: number)
        default: return nil
        }
    }
}

extension RowPlainValue where Self: BinaryFloatingPoint {
    fileprivate init?(_ value: ArrowValue) {
        switch value {
        case .double(let number): self.init(number)
        case .int(let number): self.init(exactly: number)
        case .uint(let number): self.init(exactly: number)
        default: return nil
        }
    }
}

extension Int: RowPlainValue {}
extension Int8: RowPlainValue {}
extension Int16: RowPlainValue {}
extension Int32: RowPlainValue {}
extension Int64: RowPlainValue {}
extension UInt: RowPlainValue {}
extension UInt8: RowPlainValue {}
extension UInt16: RowPlainValue {}
extension UInt32: RowPlainValue {}
extension UInt64: RowPlainValue {}
extension Float: RowPlainValue {}
extension Double: RowPlainValue {}
