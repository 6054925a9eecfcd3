internal import CMarbleArrowData

/// Hands arrays to other libraries in the same process, and takes theirs, without a copy ("The Arrow C
/// data interface", version 1.0 and later).
///
/// Places are given as addresses of the C structs `ArrowSchema` and `ArrowArray` of the specification,
/// in whatever header of the other side they are declared. Exporting initializes the struct; the
/// consumer calls its `release`. Importing an array moves it: its struct is marked as released, and its
/// memory is released when nothing here uses it any more. Importing a schema copies it and leaves it to
/// its owner.
///
/// The other side is trusted as far as its pointers go. Offsets, text and numbers of values are checked
/// as if they came from a file.
public enum ArrowCData {
    /// Describes a batch's columns, and their metadata, in the struct at `address`.
    public static func export(_ schema: ArrowSchema, to address: UnsafeMutableRawPointer) {
        ArrowCSchemaExport.fill(
            address.assumingMemoryBound(to: MarbleCSchema.self),
            ArrowField("", .struct(schema.fields), nullable: false, metadata: schema.metadata))
    }

    /// Describes a field in the struct at `address`.
    public static func export(_ field: ArrowField, to address: UnsafeMutableRawPointer) {
        ArrowCSchemaExport.fill(address.assumingMemoryBound(to: MarbleCSchema.self), field)
    }

    /// Hands out an array in the struct at `address`. Its memory stays alive until it is released.
    public static func export(_ array: ArrowArray, to address: UnsafeMutableRawPointer) {
        ArrowCArrayExport.fill(address.assumingMemoryBound(to: MarbleCArray.self), array)
    }

    /// Hands out a batch, as an array of structs, in the struct at `address`.
    public static func export(_ batch: ArrowRecordBatch, to address: UnsafeMutableRawPointer) {
        ArrowCArrayExport.fill(address.assumingMemoryBound(to: MarbleCArray.self), batch)
    }

    /// Reads the description of a batch's columns. Throws `unsupportedType`, naming the column, for a
    /// format that is unknown, and `invalidArgument` if it isn't a batch's or has been released.
    public static func importSchema(
        from address: UnsafeMutableRawPointer
    ) throws(ArrowError) -> ArrowSchema {
        try ArrowCSchemaImport.schema(
            address.assumingMemoryBound(to: MarbleCSchema.self).pointee)
    }

    /// Reads the description of a field. Throws as `importSchema` does.
    public static func importField(
        from address: UnsafeMutableRawPointer
    ) throws(ArrowError) -> ArrowField {
        try ArrowCSchemaImport.field(
            address.assumingMemoryBound(to: MarbleCSchema.self).pointee)
    }

    /// Takes an array of a type. Throws `malformed` if it is not such an array; it is released then.
    public static func importArray(
        from address: UnsafeMutableRawPointer, type: ArrowType
    ) throws(ArrowError) -> ArrowArray {
        try ArrowCArrayImport(moving: address.assumingMemoryBound(to: MarbleCArray.self))
            .imported(type: type)
    }

    /// Takes a batch of a schema. Throws as `importArray` does.
    public static func importRecordBatch(
        from address: UnsafeMutableRawPointer, schema: ArrowSchema
    ) throws(ArrowError) -> ArrowRecordBatch {
        try ArrowCArrayImport(moving: address.assumingMemoryBound(to: MarbleCArray.self))
            .batch(schema)
    }
}
