/// The values that a dictionary or the last run of a builder has.
struct ArrowSharedValues {
    /// The number of each value of a dictionary.
    var numbers: [ArrowValue: Int] = [:]
    /// The value of the run that isn't closed yet.
    var last: ArrowValue?
    /// A builder of single values, to see what they are.
    var scratch: ArrowColumnBuilder?
}

/// Dictionaries and runs: they take values of the type of their values, and write each once.
extension ArrowColumnBuilder {
    /// Appends the value that `append` appends to a builder of the type of the values.
    func appendShared(_ given: String, _ append: (ArrowColumnBuilder) -> Void) {
        let target: ArrowColumnBuilder
        switch layout {
        case .dictionary: target = children[0]
        case .runEndEncoded: target = children[1]
        default: wrongType(given)
        }
        let scratch = shared.scratch ?? ArrowColumnBuilder(target.type)
        shared.scratch = scratch
        append(scratch)
        let single = scratch.finish()
        let value = single.value(at: 0)
        if layout == .runEndEncoded {
            appendRun(of: value) { $0.append(from: single, row: 0) }
        } else {
            appendNumber(of: value) { $0.append(from: single, row: 0) }
        }
    }

    /// Appends a dictionary's value. `add` appends it to the values if it is a new one.
    func appendNumber(of value: ArrowValue, _ add: (ArrowColumnBuilder) -> Void) {
        var number = children[0].count
        if let known = shared.numbers[value] {
            number = known
        } else {
            shared.numbers[value] = number
            add(children[0])
        }
        guard case .dictionary(let index) = layout else { return }
        precondition(number < index.indexCountMax, "more values than \(type) can number")
        didAppend { _, values in
            switch index.integerByteCount {
            case 1: values.append(UInt8(number))
            case 2: values.append(UInt16(number))
            case 4: values.append(UInt32(number))
            default: values.append(UInt64(number))
            }
        }
    }

    /// Appends a value to the last run, or begins one with what `add` appends to the values.
    func appendRun(of value: ArrowValue, _ add: (ArrowColumnBuilder) -> Void) {
        if shared.last != value {
            closeRun()
            shared.last = value
            add(children[1])
        }
        didAppendInside()
    }

    /// Writes where the last run ends.
    func closeRun() {
        if layout == .runEndEncoded && count > 0 { children[0].append(count) }
    }
}
