/// Turns the batches of one stream into messages: dictionaries come before the first batch that
/// needs them, and again when they have changed.
public struct ArrowBatchEncoder: Sendable {
    /// The stream's schema, its dictionaries numbered from 0: what its first message has to say.
    public let schema: ArrowSchema
    /// How the messages' buffers are compressed.
    public let compression: ArrowCompression
    /// What was sent of each dictionary last.
    private var sent: [Int64: ArrowArray] = [:]

    /// Begins a stream of batches of a schema.
    public init(schema: ArrowSchema, compression: ArrowCompression = .none) {
        self.schema = schema.numberingDictionaries
        self.compression = compression
    }

    /// The messages of a batch, to be sent in order. The last one is the batch's own; those before
    /// it are dictionary batches. A dictionary that has grown since is sent as what was added.
    /// Traps if the batch has other columns than the schema.
    public mutating func encode(_ batch: ArrowRecordBatch) -> [ArrowEncodedRecordBatch] {
        let encoded = ArrowIPC.encodeRecordBatch(batch, compression: compression)
        guard schema.hasDictionaries else { return [encoded] }
        precondition(batch.schema.hasSameTypes(as: schema), "a batch of other columns")
        var messages: [ArrowEncodedRecordBatch] = []
        var next = 0
        for column in batch.columns { appendDictionaries(of: column, &next, &messages) }
        return messages + [encoded]
    }

    /// `next` counts the dictionaries in the order in which the schema has them.
    private mutating func appendDictionaries(
        of array: ArrowArray, isInside: Bool = false, _ next: inout Int,
        _ messages: inout [ArrowEncodedRecordBatch]
    ) {
        if let dictionary = array.dictionary {
            let entry = schema.dictionaries[next]
            next += 1
            // A dictionary's own dictionaries come first.
            appendDictionaries(of: dictionary, isInside: true, &next, &messages)
            let isAlone = !isInside && entry.nestedCount == 0
            append(dictionary, id: entry.id, isAlone: isAlone, &messages)
        }
        for child in array.children {
            appendDictionaries(of: child, isInside: isInside, &next, &messages)
        }
    }

    /// Dictionaries inside of others are always sent whole: what their numbers mean to a reader that
    /// has an earlier one is not for sure.
    private mutating func append(
        _ dictionary: ArrowArray, id: Int64, isAlone: Bool,
        _ messages: inout [ArrowEncodedRecordBatch]
    ) {
        let old = sent[id]
        if let old, old.sharesMemory(with: dictionary) { return }
        sent[id] = dictionary
        guard isAlone, let old, old.length <= dictionary.length,
            old.hasSameValues(0..<old.length, as: dictionary, from: 0)
        else {
            messages.append(encode(dictionary, id: id, isDelta: false))
            return
        }
        let added = dictionary.length - old.length
        if added == 0 { return }
        messages.append(
            encode(dictionary.slice(offset: old.length, length: added), id: id, isDelta: true))
    }

    private func encode(
        _ values: ArrowArray, id: Int64, isDelta: Bool
    ) -> ArrowEncodedRecordBatch {
        ArrowIPC.encodeDictionaryBatch(values, id: id, isDelta: isDelta).compressed(compression)
    }
}
