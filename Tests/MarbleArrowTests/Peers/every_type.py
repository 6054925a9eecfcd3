"""Batches of every type: flat, nested in every other, two levels deep, empty, sliced."""

import decimal

import pyarrow as pa

COUNT = 24
TEXTS = ["", "a", "grüße", "漢字", "🦀 crab", "zero\0inside", "twelve bytes", "more than twelve", "x" * 99]


def flat_values():
    """A function from a row's number to its value, for each type without children."""
    numbers = {
        pa.bool_(): lambda i: i % 5 < 2,
        pa.int8(): lambda i: i * 37 % 256 - 128,
        pa.int16(): lambda i: i * 977 % 65536 - 32768,
        pa.int32(): lambda i: i * 1000003 % 2**32 - 2**31,
        pa.int64(): lambda i: (i * 10**15 + 7) * (-1) ** i,
        pa.uint8(): lambda i: i * 7 % 256,
        pa.uint16(): lambda i: i * 977 % 65536,
        pa.uint32(): lambda i: 2**32 - 1 - i,
        pa.uint64(): lambda i: 2**64 - 1 - i,
        pa.float32(): lambda i: i / 8,
        pa.float64(): lambda i: float("inf") if i == 5 else i / 7 * (-1) ** i,
        pa.date32(): lambda i: i * 100 - 500,
        pa.date64(): lambda i: (i * 100 - 500) * 86400000,
        pa.time32("ms"): lambda i: i * 1000,
        pa.time64("ns"): lambda i: i * 10**9,
        pa.timestamp("us"): lambda i: i * 10**12,
        pa.timestamp("ns", "Europe/Amsterdam"): lambda i: -i * 10**15,
        pa.duration("s"): lambda i: i * 86400 - 1000,
        pa.duration("ms"): lambda i: i * 86400,
        pa.duration("us"): lambda i: -i * 10**9,
        pa.duration("ns"): lambda i: i * 10**12,
        pa.month_day_nano_interval(): lambda i: pa.MonthDayNano([i - 5, -i, i * 10**12]),
        pa.binary(11): lambda i: bytes([i] * 11),
    }
    for width, kind in (
        (9, pa.decimal32),
        (18, pa.decimal64),
        (38, pa.decimal128),
        (76, pa.decimal256),
    ):
        step = 10 ** (width - 3)
        numbers[kind(width, 3)] = lambda i, step=step: (
            decimal.Decimal((i * step + i) * (-1) ** i).scaleb(-3)
        )
    for kind in (pa.utf8(), pa.large_utf8(), pa.string_view()):
        numbers[kind] = lambda i: TEXTS[i % len(TEXTS)]
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        numbers[kind] = lambda i: bytes([255, 0, i % 256]) * (i % 9)
    return numbers


def flat_arrays(with_nulls):
    with decimal.localcontext() as context:
        context.prec = 100
        arrays = {"null": pa.nulls(COUNT)}
        for kind, make in flat_values().items():
            values = [None if with_nulls and i % 3 == 1 else make(i) for i in range(COUNT)]
            arrays[str(kind)] = pa.array(values, kind)
    halves = [None if with_nulls and i % 3 == 1 else i * 1021 for i in range(COUNT)]
    arrays["halffloat"] = pa.array(halves, pa.uint16()).view(pa.float16())
    return arrays


def bitmap(count, with_nulls):
    return pa.array([with_nulls and i % 4 == 2 for i in range(count)])


def nested(array, with_nulls):
    """The array's values in every type that has children."""
    count = len(array)
    half = count // 2
    mask = bitmap(half, with_nulls)
    thirds = pa.array([min(count, i * 3) for i in range(half + 1)], pa.int32())
    ends = pa.array([count - i if i % 2 else i for i in range(half)], pa.int32())
    sizes = pa.array([min(3, i % 4) if i % 2 == 0 else i % 2 for i in range(half)], pa.int32())
    names = pa.array([f"key {i}" for i in range(count)])
    kind = array.type
    made = {
        "list": pa.ListArray.from_arrays(thirds, array, mask=mask),
        "large_list": pa.LargeListArray.from_arrays(thirds.cast(pa.int64()), array, mask=mask),
        "fixed_size_list": pa.FixedSizeListArray.from_arrays(array, 2, mask=mask),
        "list_view": pa.ListViewArray.from_arrays(ends, sizes, array, mask=mask),
        "large_list_view": pa.LargeListViewArray.from_arrays(
            ends.cast(pa.int64()), sizes.cast(pa.int64()), array, mask=mask
        ),
        "struct": pa.StructArray.from_arrays(
            [array, pa.array(range(count))],
            fields=[pa.field("value", kind), pa.field("place", pa.int64(), nullable=False)],
            mask=bitmap(count, with_nulls),
        ),
        "map": pa.MapArray.from_arrays(thirds, names, array, mask=mask),
        "sparse_union": pa.UnionArray.from_sparse(
            pa.array([5 if i % 3 else 7 for i in range(count)], pa.int8()),
            [array, pa.array(range(count))],
            ["value", "place"],
            [5, 7],
        ),
        "dense_union": pa.UnionArray.from_dense(
            pa.array([i % 2 for i in range(count)], pa.int8()),
            pa.array([i // 2 for i in range(count)], pa.int32()),
            [array.slice(0, half), pa.array(range(half))],
            ["value", "place"],
        ),
    }
    if not pa.types.is_nested(kind):
        indices = [None if with_nulls and i % 5 == 1 else (i * 7) % count for i in range(half)]
        made["dictionary"] = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int16()), array)
    if not pa.types.is_null(kind):
        made["run_end_encoded"] = pa.RunEndEncodedArray.from_arrays(
            pa.array([(i + 1) * (i + 2) for i in range(half)], pa.int32()), array.slice(0, half)
        )
    return made


def batches_of(arrays):
    """A column of each array, whole, sliced, and empty."""
    count = min(len(array) for array in arrays.values())
    columns = [array.slice(0, count) for array in arrays.values()]
    whole = pa.RecordBatch.from_arrays(columns, list(arrays))
    return [whole, whole.slice(2, max(0, count - 5)), whole.slice(count // 2, 1), whole.slice(0, 0)]


def every_type():
    cases = {}
    for with_nulls in (False, True):
        suffix = "-nulls" if with_nulls else ""
        flat = flat_arrays(with_nulls)
        cases[f"flat{suffix}"] = batches_of(flat)
        for name, array in flat.items():
            inner = nested(array, with_nulls)
            cases[f"nested-{name}{suffix}".replace("/", " ")] = batches_of(inner)
            if name not in ("int32", "string_view"):
                continue
            for outer, once in inner.items():
                if outer in ("sparse_union", "dense_union", "dictionary", "run_end_encoded"):
                    # pyarrow doesn't validate or slice all of these in each other.
                    continue
                twice = nested(once, with_nulls)
                cases[f"twice-{outer}-{name}{suffix}"] = batches_of(twice)
    cases["growing-dictionary"] = growing_dictionary()
    cases["other-dictionaries"] = other_dictionaries()
    cases["dictionary-in-list"] = dictionary_in_list()
    return cases


def growing_dictionary():
    words = ["a", "b", "c", "d"]
    return [
        pa.RecordBatch.from_arrays(
            [pa.DictionaryArray.from_arrays(pa.array([0, None, n - 1], pa.int8()), words[:n])],
            ["word"],
        )
        for n in range(1, 5)
    ]


def other_dictionaries():
    return [
        pa.RecordBatch.from_arrays(
            [pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.uint16()), words, ordered=True)],
            ["word"],
        )
        for words in (["a", "b"], ["c", "d"], ["e", "f"])
    ]


def dictionary_in_list():
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, 1, None, 0]), ["yes", "no"])
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 2, 5], pa.int32()), words)
    return batches_of({"words": lists, "number": pa.array([1, 2, 3])})
