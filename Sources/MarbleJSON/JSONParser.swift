package import NIOCore

extension JSONValue {
    /// Reads a JSON text. `subject` names it in messages: "the ticket", "app_metadata".
    /// Throws that says where the text stops being JSON; a key that stands twice in
    /// an object, and anything behind the value, is an error.
    package init(parsing buffer: ByteBuffer, subject: String) throws(JSONError) {
        self = try buffer.withJSONBytes { bytes throws(JSONError) in
            try JSONValue(parsing: bytes, subject: subject)
        }
    }

    package init(parsing bytes: UnsafeRawBufferPointer, subject: String) throws(JSONError) {
        var parser = JSONParser(bytes: bytes, subject: subject)
        self = try parser.parse()
    }
}

extension JSONValue {
    /// Reads the text of an object into its members' keys and texts, in order. The texts are slices of
    /// `buffer`, each checked to be JSON. Throws as `init(parsing:subject:)` does, and if the text is
    /// of no object.
    package static func memberTexts(
        _ buffer: ByteBuffer, subject: String
    ) throws(JSONError) -> [(key: String, text: ByteBuffer)] {
        let places = try buffer.withJSONBytes { bytes throws(JSONError) in
            var parser = JSONParser(bytes: bytes, subject: subject)
            return try parser.parseMemberPlaces()
        }
        return places.map { key, place in
            let start = buffer.readerIndex + place.lowerBound
            return (key, buffer.getSlice(at: start, length: place.count) ?? ByteBuffer())
        }
    }
}

extension ByteBuffer {
    fileprivate func withJSONBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        var result: Swift.Result<Result, JSONError>?
        withUnsafeReadableBytes { bytes in
            do throws(JSONError) {
                result = .success(try body(bytes))
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { throw JSONError("no bytes were lent") }
        return try result.get()
    }
}

/// A recursive descent over UTF-8 bytes. Only indices below `bytes.count` are looked at.
private struct JSONParser {
    static let depthMax = 32

    let bytes: UnsafeRawBufferPointer
    let subject: String
    private var position = 0

    init(bytes: UnsafeRawBufferPointer, subject: String) {
        self.bytes = bytes
        self.subject = subject
    }

    mutating func parse() throws(JSONError) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("something follows the value") }
        return value
    }

    /// The members of the one object that the text is, with where their values' texts are.
    mutating func parseMemberPlaces() throws(JSONError) -> [(String, Range<Int>)] {
        skipSpace()
        guard byte == UInt8(ascii: "{") else { throw failure("an object is expected") }
        var places: [(String, Range<Int>)] = []
        _ = try parseObject(depth: 0) { key, place in places.append((key, place)) }
        skipSpace()
        guard position == bytes.count else { throw failure("something follows the value") }
        return places
    }

    private func failure(_ what: String) -> JSONError {
        JSONError("\(subject) is not valid JSON: \(what) at byte \(position)")
    }

    private var byte: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        position += 1
        return true
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < Self.depthMax else { throw failure("too deeply nested") }
        skipSpace()
        switch byte {
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case nil: throw failure("it ends too early")
        default: return try parseNumber()
        }
    }

    private mutating func parseWord(
        _ word: StaticString, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        for offset in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[offset]) else { throw failure("an unknown word") }
        }
        return value
    }

    private mutating func parseObject(
        depth: Int, eachPlace: (String, Range<Int>) -> Void = { _, _ in }
    ) throws(JSONError) -> JSONValue {
        position += 1
        var members: [JSONMember] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else { throw failure("a key in quotes is missing") }
            let key = try parseString()
            guard members.count < 1024 else { throw failure("an object of too many keys") }
            guard !members.contains(where: { $0.key == key }) else {
                throw failure("the key \"\(key)\" stands twice")
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon is missing") }
            skipSpace()
            let start = position
            members.append(JSONMember(key, try parseValue(depth: depth + 1)))
            eachPlace(key, start..<position)
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("a comma or brace is missing") }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var values: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try parseValue(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw failure("a comma or bracket is missing") }
        }
    }

    private mutating func parseString() throws(JSONError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("a string that is not UTF-8 ends")
                }
                return string
            case UInt8(ascii: "\\"): try parseEscape(into: &text)
            case 0..<0x20: throw failure("a control character in a string ends")
            default: text.append(byte)
            }
        }
        throw failure("a string without end")
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws(JSONError) {
        guard let escape = byte else { throw failure("a string without end") }
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try parseScalar()).utf8)
        default: throw failure("an unknown escape ends")
        }
    }

    private mutating func parseScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try parseHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard 0xD800..<0xDC00 ~= first, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw failure("half a surrogate pair ends")
        }
        let second = try parseHexadecimal()
        guard 0xDC00..<0xE000 ~= second,
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw failure("half a surrogate pair ends") }
        return scalar
    }

    private mutating func parseHexadecimal() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits are missing")
            }
            position += 1
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = position
        var isWhole = true
        _ = take(UInt8(ascii: "-"))
        let leadingZero = byte == UInt8(ascii: "0")
        let digits = skipDigits()
        guard digits > 0, !(leadingZero && digits > 1) else { throw failure("no value is found") }
        if take(UInt8(ascii: ".")) {
            isWhole = false
            guard skipDigits() > 0 else { throw failure("a digit is missing") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard skipDigits() > 0 else { throw failure("a digit is missing") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw failure("a number out of range ends")
        }
        return .number(number)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte, 0x30...0x39 ~= byte { position += 1 }
        return position - start
    }
}
