#ifndef MARBLE_CRC_H
#define MARBLE_CRC_H

#include <stddef.h>
#include <stdint.h>

/// CRC32C (Castagnoli; RFC 3720, appendix B.4) of `count` bytes.
/// `seed` is 0, or the result for the bytes before these: then the result is that of both together.
uint32_t marble_crc32c(uint32_t seed, const void *bytes, size_t count);

/// The same without the processor's instructions, for processors that have none.
uint32_t marble_crc32c_portable(uint32_t seed, const void *bytes, size_t count);

#endif
