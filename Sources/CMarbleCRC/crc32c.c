#include "marble_crc.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

// The polynomial 0x1EDC6F41 with its bits reversed.
#define MARBLE_CRC32C_POLYNOMIAL 0x82F63B78u

static uint32_t tables[8][256];
static int has_instructions;

static uint64_t load_u64(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

// Slicing by 8 (Kounavis and Berry, "A systematic approach to building high performance
// software-based CRC generators", 2005). All that Swift runs on is little-endian.
uint32_t marble_crc32c_portable(uint32_t seed, const void *data, size_t count) {
    const uint8_t *bytes = data;
    uint32_t crc = ~seed;
    while (count >= 8) {
        uint64_t word = load_u64(bytes) ^ crc;
        crc = tables[7][word & 0xFF] ^ tables[6][(word >> 8) & 0xFF] ^
              tables[5][(word >> 16) & 0xFF] ^ tables[4][(word >> 24) & 0xFF] ^
              tables[3][(word >> 32) & 0xFF] ^ tables[2][(word >> 40) & 0xFF] ^
              tables[1][(word >> 48) & 0xFF] ^ tables[0][word >> 56];
        bytes += 8;
        count -= 8;
    }
    while (count > 0) {
        crc = (crc >> 8) ^ tables[0][(crc ^ *bytes) & 0xFF];
        bytes += 1;
        count -= 1;
    }
    return ~crc;
}

#if defined(__x86_64__)

#define MARBLE_HAS_FAST_CRC 1

__attribute__((target("sse4.2"))) static uint32_t crc32c_fast(
    uint32_t seed, const uint8_t *bytes, size_t count) {
    uint64_t crc = (uint32_t)~seed;
    while (count >= 32) {
        crc = _mm_crc32_u64(crc, load_u64(bytes));
        crc = _mm_crc32_u64(crc, load_u64(bytes + 8));
        crc = _mm_crc32_u64(crc, load_u64(bytes + 16));
        crc = _mm_crc32_u64(crc, load_u64(bytes + 24));
        bytes += 32;
        count -= 32;
    }
    while (count >= 8) {
        crc = _mm_crc32_u64(crc, load_u64(bytes));
        bytes += 8;
        count -= 8;
    }
    uint32_t tail = (uint32_t)crc;
    while (count > 0) {
        tail = _mm_crc32_u8(tail, *bytes);
        bytes += 1;
        count -= 1;
    }
    return ~tail;
}

static int detect_instructions(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("sse4.2") != 0;
}

#elif defined(__aarch64__)

#define MARBLE_HAS_FAST_CRC 1

__attribute__((target("crc"))) static uint32_t crc32c_fast(
    uint32_t seed, const uint8_t *bytes, size_t count) {
    uint32_t crc = ~seed;
    while (count >= 8) {
        crc = __crc32cd(crc, load_u64(bytes));
        bytes += 8;
        count -= 8;
    }
    while (count > 0) {
        crc = __crc32cb(crc, *bytes);
        bytes += 1;
        count -= 1;
    }
    return ~crc;
}

static int detect_instructions(void) {
#if defined(__linux__)
    const unsigned long hwcap_crc32 = 1ul << 7;
    return (getauxval(AT_HWCAP) & hwcap_crc32) != 0;
#else
    return 1;  // every Apple processor of this architecture has them
#endif
}

#endif

// Before main, so that no call has to ask whether the tables are there.
__attribute__((constructor)) static void prepare(void) {
    for (uint32_t byte = 0; byte < 256; byte += 1) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit += 1) {
            crc = (crc >> 1) ^ ((crc & 1) ? MARBLE_CRC32C_POLYNOMIAL : 0);
        }
        tables[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte += 1) {
        for (int slice = 1; slice < 8; slice += 1) {
            uint32_t before = tables[slice - 1][byte];
            tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
#if defined(MARBLE_HAS_FAST_CRC)
    has_instructions = detect_instructions();
#endif
}

uint32_t marble_crc32c(uint32_t seed, const void *bytes, size_t count) {
#if defined(MARBLE_HAS_FAST_CRC)
    if (has_instructions) {
        return crc32c_fast(seed, bytes, count);
    }
#endif
    return marble_crc32c_portable(seed, bytes, count);
}
