"""The canonical form in which both sides of a round trip print what they see.

A line a field (name, type, nullability, metadata), a line of schema metadata, then for each batch a line
with its row count and a line a column. Values: integers as such, floats by their bits, decimals
unscaled, bytes in hexadecimal, intervals as months/days/nanoseconds, nulls as "null", lists in
brackets, structs in braces, maps as lists of structs, unions as number:value; dictionaries and runs
as the values they stand for.
"""

import bisect
import decimal

import pyarrow as pa
from pyarrow import types

for known in ("arrow.uuid", "arrow.json", "arrow.opaque", "arrow.bool8"):
    # Without its type an extension's values are those of its storage, its name is in the metadata.
    try:
        pa.unregister_extension_type(known)
    except KeyError:
        pass

INTEGER_VIEWS = {1: pa.int8(), 2: pa.int16(), 4: pa.int32(), 8: pa.int64()}


def spelled(array, make):
    return ["null" if value is None else make(value) for value in array.to_pylist()]


def unscaled(array):
    with decimal.localcontext() as context:
        context.prec = 100
        return spelled(array, lambda value: str(int(value.scaleb(array.type.scale))))


def lists(array):
    form = "[" + "{}" + "]"
    return [
        form.format(" ".join(canonical_values(array[row].values)))
        if array[row].is_valid
        else "null"
        for row in range(len(array))
    ]


def structs(array):
    columns = [canonical_values(array.field(i)) for i in range(array.type.num_fields)]
    return [
        "{" + " ".join(column[row] for column in columns) + "}" if valid else "null"
        for row, valid in enumerate(array.is_valid().to_pylist())
    ]


def sliced_buffer(array, position, kind):
    """A union's own buffer; pyarrow's accessors for them forget that the array is a slice."""
    buffers = [None, array.buffers()[position]]
    return pa.Array.from_buffers(kind, len(array), buffers, offset=array.offset).to_pylist()


def unions(array):
    numbers = array.type.type_codes
    columns = [canonical_values(array.field(i)) for i in range(array.type.num_fields)]
    codes = sliced_buffer(array, 1, pa.int8())
    is_dense = array.type.mode == "dense"
    places = sliced_buffer(array, 2, pa.int32()) if is_dense else range(len(array))
    return [
        f"{number}:{columns[numbers.index(number)][place]}" for number, place in zip(codes, places)
    ]


def runs(array):
    values = canonical_values(array.values)
    ends = array.run_ends.to_pylist()
    return [values[bisect.bisect_right(ends, array.offset + row)] for row in range(len(array))]


def numbered(array):
    values = canonical_values(array.dictionary)
    return ["null" if i is None else values[i] for i in array.indices.to_pylist()]


def canonical_values(array):
    kind = array.type
    if len(array) == 0:
        # Some of pyarrow's accessors crash where there are no values.
        return []
    if isinstance(kind, pa.BaseExtensionType):
        return canonical_values(array.storage)
    if types.is_null(kind):
        return ["null"] * len(array)
    if types.is_dictionary(kind):
        return numbered(array)
    if types.is_run_end_encoded(kind):
        return runs(array)
    if types.is_union(kind):
        return unions(array)
    if types.is_struct(kind):
        return structs(array)
    if str(kind).startswith(("list", "large_list", "fixed_size_list", "map<")):
        return lists(array)
    if types.is_interval(kind):
        return spelled(array, lambda v: f"{v.months}/{v.days}/{v.nanoseconds}")
    if types.is_boolean(kind):
        return spelled(array, lambda value: str(int(value)))
    if types.is_decimal(kind):
        return unscaled(array)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return spelled(array, lambda value: "x" + value.encode().hex())
    if "binary" in str(kind):
        return spelled(array, lambda value: "x" + value.hex())
    if types.is_unsigned_integer(kind):
        return spelled(array, str)
    return spelled(array.view(INTEGER_VIEWS[kind.bit_width // 8]), str)


def canonical(schema, batches):
    lines = []
    for field in schema:
        metadata = field.metadata or {}
        pairs = " ".join(f"{k.decode()}={v.decode()}" for k, v in metadata.items())
        null = "" if field.nullable else " not null"
        lines.append(f"{field.name}: {field.type}{null} [{pairs}]")
    metadata = schema.metadata or {}
    lines.append("[" + " ".join(f"{k.decode()}={v.decode()}" for k, v in metadata.items()) + "]")
    for batch in batches:
        lines.append(f"{batch.num_rows} rows")
        for column in batch.columns:
            lines.append(" ".join(canonical_values(column)))
    return "\n".join(lines) + "\n"
