/// What a type turns out to consist of while it is decoded from nothing.
final class RowShape {
    var type: ArrowType?
    var isOptional = false
    /// A struct's properties, in the order in which they were asked for.
    private(set) var properties: [(name: String, shape: RowShape)]?
    private(set) var items: RowShape?

    func property(_ name: String) -> RowShape {
        if let known = properties?.first(where: { $0.name == name }) { return known.shape }
        let shape = RowShape()
        properties = (properties ?? []) + [(name, shape)]
        return shape
    }

    func item() -> RowShape {
        let shape = items ?? RowShape()
        items = shape
        return shape
    }

    func beginProperties() {
        if properties == nil { properties = [] }
    }

    /// Settles the type once everything has been asked for.
    func finish() {
        if type != nil { return }
        if let items {
            items.finish()
            type = .list(of: items.type ?? .null, nullable: items.isOptional)
        } else if let properties {
            type = .struct(
                properties.map { name, shape in
                    shape.finish()
                    return ArrowField(name, shape.type ?? .null, nullable: shape.isOptional)
                })
        }
    }
}

/// Decodes a value of any type from nothing, noting what is asked for.
struct RowShapeDecoder: Decoder {
    let shape: RowShape
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func decode<Wanted: Decodable>(
        _ wanted: Wanted.Type, _ shape: RowShape, _ path: [any CodingKey]
    ) throws -> Wanted {
        guard path.count <= ArrowLimits.nestingDepthMax else {
            throw ArrowError(
                .unsupportedType,
                "no schema can be inferred for \(wanted), which contains itself; give a schema")
        }
        if let (type, value) = RowValue.inferred(wanted), let value = value as? Wanted {
            shape.type = type
            return value
        }
        if let map = wanted as? any RowMapShape.Type {
            let value = try map.decodeShape(shape, path)
            if let value = value as? Wanted { return value }
        }
        let decoder = RowShapeDecoder(shape: shape, codingPath: path)
        do {
            let value = try wanted.init(from: decoder)
            shape.finish()
            return value
        } catch {
            // A raw value of nothing may be none of an enum's; any of its cases will do.
            guard shape.type != nil, let cases = wanted as? any CaseIterable.Type,
                let value = first(of: cases) as? Wanted
            else { throw error }
            return value
        }
    }

    private static func first<Cases: CaseIterable>(of type: Cases.Type) -> Any? {
        type.allCases.first
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        shape.beginProperties()
        return KeyedDecodingContainer(RowShapeKeyed(shape: shape, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        RowShapeUnkeyed(shape: shape.item(), codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        RowShapeSingle(shape: shape, codingPath: codingPath)
    }
}

/// Dictionaries decode their keys as properties, of which there are none here.
private protocol RowMapShape {
    static func decodeShape(_ shape: RowShape, _ path: [any CodingKey]) throws -> Any
}

extension Dictionary: RowMapShape where Key == String, Value: Decodable {
    fileprivate static func decodeShape(
        _ shape: RowShape, _ path: [any CodingKey]
    ) throws -> Any {
        let values = RowShape()
        _ = try RowShapeDecoder.decode(
            Value.self, values, path + [RowCodingKey(stringValue: "value")])
        let value = ArrowField("value", values.type ?? .null, nullable: values.isOptional)
        let entries = ArrowType.struct([ArrowField("key", .utf8, nullable: false), value])
        shape.type = .map(
            entries: ArrowField("entries", entries, nullable: false), keysSorted: false)
        return [String: Value]()
    }
}

private struct RowShapeKeyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let shape: RowShape
    let codingPath: [any CodingKey]
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) -> Bool {
        shape.property(key.stringValue).isOptional = true
        return false
    }

    func decode<Wanted: Decodable>(_ type: Wanted.Type, forKey key: Key) throws -> Wanted {
        try RowShapeDecoder.decode(type, shape.property(key.stringValue), codingPath + [key])
    }

    func decodeIfPresent<Wanted: Decodable>(
        _ type: Wanted.Type, forKey key: Key
    ) throws -> Wanted? {
        let property = shape.property(key.stringValue)
        property.isOptional = true
        return try RowShapeDecoder.decode(type, property, codingPath + [key])
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedDecodingContainer<Nested> {
        below(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
        below(key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder {
        below(RowCodingKey(stringValue: "super"))
    }

    func superDecoder(forKey key: Key) -> any Decoder {
        below(key)
    }

    private func below(_ key: any CodingKey) -> RowShapeDecoder {
        RowShapeDecoder(
            shape: shape.property(key.stringValue), codingPath: codingPath + [key])
    }
}

/// Has one item, so that its type becomes known.
private struct RowShapeUnkeyed: UnkeyedDecodingContainer {
    let shape: RowShape
    let codingPath: [any CodingKey]
    var currentIndex = 0
    var count: Int? { 1 }
    var isAtEnd: Bool { currentIndex >= 1 }

    private var below: RowShapeDecoder {
        RowShapeDecoder(shape: shape, codingPath: codingPath + [RowCodingKey(intValue: 0)])
    }

    mutating func decodeNil() -> Bool {
        shape.isOptional = true
        return false
    }

    mutating func decode<Wanted: Decodable>(_ type: Wanted.Type) throws -> Wanted {
        currentIndex += 1
        return try RowShapeDecoder.decode(type, shape, below.codingPath)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedDecodingContainer<Nested> {
        currentIndex += 1
        return below.container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer {
        currentIndex += 1
        return below.unkeyedContainer()
    }

    mutating func superDecoder() -> any Decoder {
        currentIndex += 1
        return below
    }
}

private struct RowShapeSingle: SingleValueDecodingContainer {
    let shape: RowShape
    let codingPath: [any CodingKey]

    func decodeNil() -> Bool {
        shape.isOptional = true
        return false
    }

    func decode<Wanted: Decodable>(_ type: Wanted.Type) throws -> Wanted {
        guard let (arrow, value) = Self.plain(type), let value = value as? Wanted else {
            return try RowShapeDecoder.decode(type, shape, codingPath)
        }
        shape.type = arrow
        return value
    }

    private static func plain(_ type: Any.Type) -> (ArrowType, Any)? {
        switch type {
        case is Bool.Type: (.bool, false)
        case is String.Type: (.utf8, "")
        case is Double.Type: (.float64, 0 as Double)
        case is Float.Type: (.float32, 0 as Float)
        case is Int.Type: (.int64, 0 as Int)
        case is Int8.Type: (.int8, 0 as Int8)
        case is Int16.Type: (.int16, 0 as Int16)
        case is Int32.Type: (.int32, 0 as Int32)
        case is Int64.Type: (.int64, 0 as Int64)
        case is UInt.Type: (.uint64, 0 as UInt)
        case is UInt8.Type: (.uint8, 0 as UInt8)
        case is UInt16.Type: (.uint16, 0 as UInt16)
        case is UInt32.Type: (.uint32, 0 as UInt32)
        case is UInt64.Type: (.uint64, 0 as UInt64)
        default: nil
        }
    }
}
