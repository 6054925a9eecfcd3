// Arrow's C data interface and C stream interface ("The Arrow C data interface", "The Arrow C stream
// interface"): the structs of the specification, under names that don't collide with Swift's.

#ifndef CMARBLE_ARROW_DATA_H
#define CMARBLE_ARROW_DATA_H

#include <stdint.h>

#define MARBLE_FLAG_DICTIONARY_ORDERED 1
#define MARBLE_FLAG_NULLABLE 2
#define MARBLE_FLAG_MAP_KEYS_SORTED 4

// struct ArrowSchema
struct MarbleCSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct MarbleCSchema **children;
    struct MarbleCSchema *dictionary;
    void (*release)(struct MarbleCSchema *);
    void *private_data;
};

// struct ArrowArray
struct MarbleCArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct MarbleCArray **children;
    struct MarbleCArray *dictionary;
    void (*release)(struct MarbleCArray *);
    void *private_data;
};

// struct ArrowArrayStream
struct MarbleCStream {
    int (*get_schema)(struct MarbleCStream *, struct MarbleCSchema *out);
    int (*get_next)(struct MarbleCStream *, struct MarbleCArray *out);
    const char *(*get_last_error)(struct MarbleCStream *);
    void (*release)(struct MarbleCStream *);
    void *private_data;
};

#endif
