extension ArrowType {
    /// A list of values of a type, in a field "item" as other implementations name it.
    public static func list(of type: ArrowType, nullable: Bool = true) -> ArrowType {
        .list(ArrowField("item", type, nullable: nullable))
    }

    /// A list with 64-bit offsets of values of a type.
    public static func largeList(of type: ArrowType, nullable: Bool = true) -> ArrowType {
        .largeList(ArrowField("item", type, nullable: nullable))
    }

    /// A list view of values of a type.
    public static func listView(of type: ArrowType, nullable: Bool = true) -> ArrowType {
        .listView(ArrowField("item", type, nullable: nullable))
    }

    /// A list view with 64-bit offsets of values of a type.
    public static func largeListView(of type: ArrowType, nullable: Bool = true) -> ArrowType {
        .largeListView(ArrowField("item", type, nullable: nullable))
    }

    /// A list of exactly `size` values of a type.
    public static func fixedSizeList(
        of type: ArrowType, size: Int, nullable: Bool = true
    ) -> ArrowType {
        .fixedSizeList(ArrowField("item", type, nullable: nullable), size: size)
    }

    /// A map from keys of a type to values of another.
    public static func map(
        key: ArrowType, value: ArrowType, keysSorted: Bool = false
    ) -> ArrowType {
        let entry = ArrowType.struct(
            [ArrowField("key", key, nullable: false), ArrowField("value", value)])
        return .map(entries: ArrowField("entries", entry, nullable: false), keysSorted: keysSorted)
    }

    /// A dictionary of values of a type, numbered by 32-bit integers unless told otherwise.
    public static func dictionary(of value: ArrowType, index: ArrowType = .int32) -> ArrowType {
        .dictionary(index: index, value: value, isOrdered: false)
    }

    /// Runs of equal values of a type, their ends of 32 bits unless told otherwise.
    public static func runEndEncoded(
        of values: ArrowType, runEnds: ArrowType = .int32
    ) -> ArrowType {
        .runEndEncoded(
            runEnds: ArrowField("run_ends", runEnds, nullable: false),
            values: ArrowField("values", values))
    }
}
