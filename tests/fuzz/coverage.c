/* Which edges of the engine an execution took, counted in the way of AFL.

   gcc -fsanitize-coverage=trace-pc calls the first function at every basic block of the
   engine's instrumented build; Python calls the others through ctypes. One thread only. */

#include <stdint.h>
#include <string.h>

enum { SIZE = 1 << 16 };

static uint8_t taken[SIZE];  /* how often, in this execution */
static uint8_t known[SIZE];  /* the classes of counts met in any execution so far, one bit a class */
static uintptr_t last;

void __sanitizer_cov_trace_pc(void)
{
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    uintptr_t place = (here ^ (here >> 13)) * 0x9E3779B97F4A7C15u >> 48;
    uint8_t *count = &taken[(place ^ last) & (SIZE - 1)];
    *count += *count != 255;
    last = place >> 1;
}

void begin(void)
{
    memset(taken, 0, SIZE);
    last = 0;
}

/* How many edges were new, or were taken in a new class of counts: 1, 2, 3, 4+, 8+, 16+, 32+, 128+. */
int fresh(void)
{
    int found = 0;
    for (int word = 0; word < SIZE; word += 8) {
        uint64_t any;
        memcpy(&any, taken + word, 8);
        if (!any)
            continue;
        for (int i = word; i < word + 8; i++) {
            uint8_t n = taken[i];
            uint8_t bit = n == 0 ? 0 : n < 4 ? 1 << (n - 1) : n < 8 ? 8 : n < 16 ? 16 : n < 32 ? 32 : n < 128 ? 64 : 128;
            if (bit & ~known[i]) {
                known[i] |= bit;
                found++;
            }
        }
    }
    return found;
}

int edges(void)
{
    int count = 0;
    for (int i = 0; i < SIZE; i++)
        count += known[i] != 0;
    return count;
}
