# Doubles as the shortest decimals that read back as they were, and decimals as the nearest doubles.
#
# Writing is Schubfach (R. Giulietti, "The Schubfach way to render doubles", 2020), reading is what D. Lemire describes
# in "Number parsing at a gigabyte per second" (2021), with N. Mushtak's proof ("Fast number parsing without fallback",
# 2023) that two words of a power are enough. Both need 128 bits of powers of ten, which are computed when a module that
# uses them is imported. What they are not made for (more than 19 digits, subnormal numbers read) is left to Python.

from libc.stdint cimport int64_t, uint64_t

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    typedef struct { uint64_t high, low; } perdure_two;

    #if defined(__SIZEOF_INT128__)
    static inline perdure_two perdure_product(uint64_t a, uint64_t b)
    {
        unsigned __int128 whole = (unsigned __int128)a * b;
        perdure_two two = { (uint64_t)(whole >> 64), (uint64_t)whole };
        return two;
    }
    #else
    static inline perdure_two perdure_product(uint64_t a, uint64_t b)
    {
        uint64_t ah = a >> 32, al = a & 0xFFFFFFFF, bh = b >> 32, bl = b & 0xFFFFFFFF;
        uint64_t low = al * bl, one = ah * bl, other = al * bh;
        uint64_t middle = (low >> 32) + (one & 0xFFFFFFFF) + (other & 0xFFFFFFFF);
        perdure_two two;
        two.high = ah * bh + (one >> 32) + (other >> 32) + (middle >> 32);
        two.low = (middle << 32) | (low & 0xFFFFFFFF);
        return two;
    }
    #endif

    enum { PERDURE_LEAST = -342, PERDURE_MOST = 324 };
    /* 10**k as 128 bits with the highest one set, rounded up, by k; and 5**k, rounded down for k >= 0, else up. */
    static perdure_two perdure_tens[PERDURE_MOST - PERDURE_LEAST + 1], perdure_fives[PERDURE_MOST - PERDURE_LEAST + 1];

    static inline int perdure_floor_log2_pow10(int k) { return (int)(((int64_t)k * 1741647) >> 19); }

    static inline uint64_t perdure_round_to_odd(perdure_two g, uint64_t c)
    {
        perdure_two x = perdure_product(g.low, c), y = perdure_product(g.high, c);
        uint64_t low = y.low + x.high;
        y.high += low < x.high;
        return y.high | (low > 1);
    }

    /* The shortest decimal, digits * 10**exponent, of a finite double that is not zero; the sign is not looked at. */
    static inline uint64_t perdure_shortest(uint64_t bits, int *exponent)
    {
        uint64_t fraction = bits & 0xFFFFFFFFFFFFFu, c, lower, upper, value, s;
        int biased = (int)(bits >> 52 & 0x7FF), q, k, h, closer, odd;
        perdure_two g;
        if (biased) {
            c = fraction | (uint64_t)1 << 52;
            q = biased - 1075;
            if (0 <= -q && -q < 53 && !(c & (((uint64_t)1 << -q) - 1))) {
                *exponent = 0;
                return c >> -q;
            }
        } else {
            c = fraction;
            q = -1074;
        }
        odd = (int)(c & 1);
        closer = fraction == 0 && biased > 1;
        k = (int)(((int64_t)q * 1262611 - (closer ? 524031 : 0)) >> 22);
        h = q + perdure_floor_log2_pow10(-k) + 1;
        g = perdure_tens[-k - PERDURE_LEAST];
        lower = perdure_round_to_odd(g, (4 * c - 2 + (uint64_t)closer) << h) + (uint64_t)odd;
        value = perdure_round_to_odd(g, (4 * c) << h);
        upper = perdure_round_to_odd(g, (4 * c + 2) << h) - (uint64_t)odd;
        s = value / 4;
        if (s >= 10) {
            uint64_t tenth = s / 10;
            int down = lower <= 40 * tenth, up = 40 * tenth + 40 <= upper;
            if (down != up) {
                *exponent = k + 1;
                return tenth + (uint64_t)up;
            }
        }
        *exponent = k;
        {
            int down = lower <= 4 * s, up = 4 * s + 4 <= upper;
            if (down != up)
                return s + (uint64_t)up;
        }
        return s + (uint64_t)(value > 4 * s + 2 || (value == 4 * s + 2 && (s & 1)));
    }

    static inline int perdure_leading(uint64_t w)  /* zeros; w is not 0 */
    {
    #if defined(__GNUC__)
        return __builtin_clzll(w);
    #else
        int n = 0;
        if (!(w >> 32)) { n += 32; w <<= 32; }
        if (!(w >> 48)) { n += 16; w <<= 16; }
        if (!(w >> 56)) { n += 8; w <<= 8; }
        if (!(w >> 60)) { n += 4; w <<= 4; }
        if (!(w >> 62)) { n += 2; w <<= 2; }
        return n + !(w >> 63);
    #endif
    }

    /* Whether *value is now the double nearest to w * 10**q; w is not 0. */
    static inline int perdure_nearest(uint64_t w, int64_t q, int negative, double *value)
    {
        perdure_two product;
        int leading, upper, power;
        uint64_t mantissa, bits;
        if (q < PERDURE_LEAST || q > 308)
            return 0;
        leading = perdure_leading(w);
        w <<= leading;
        product = perdure_product(w, perdure_fives[q - PERDURE_LEAST].high);
        if ((product.high & 0x1FF) == 0x1FF) {
            uint64_t more = perdure_product(w, perdure_fives[q - PERDURE_LEAST].low).high;
            product.low += more;
            product.high += product.low < more;
        }
        upper = (int)(product.high >> 63);
        mantissa = product.high >> (upper + 9);
        power = (int)((217706 * q) >> 16) + 63 + upper - leading + 1023;
        if (power <= 0)
            return 0;
        if (product.low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 9) == product.high)
            mantissa &= ~(uint64_t)1;
        mantissa = (mantissa + (mantissa & 1)) >> 1;
        if (mantissa >= (uint64_t)2 << 52) {
            mantissa = (uint64_t)1 << 52;
            power++;
        }
        if (power >= 0x7FF)
            return 0;
        bits = (mantissa & ~((uint64_t)1 << 52)) | (uint64_t)power << 52 | (uint64_t)negative << 63;
        memcpy(value, &bits, 8);
        return 1;
    }

    static void perdure_set_power(int tens, int k, uint64_t high, uint64_t low)
    {
        perdure_two two = { high, low };
        (tens ? perdure_tens : perdure_fives)[k - PERDURE_LEAST] = two;
    }
    """
    uint64_t shortest "perdure_shortest"(uint64_t bits, int* exponent) noexcept
    bint nearest "perdure_nearest"(uint64_t w, int64_t q, bint negative, double* value) noexcept
    void set_power "perdure_set_power"(bint tens, int k, uint64_t high, uint64_t low) noexcept
    enum:
        PERDURE_LEAST
        PERDURE_MOST


cdef inline int set_up_powers(bint tens) except -1:
    """Of ten, which writing needs, or of five, for reading."""
    cdef int k
    base = 10 if tens else 5
    power = base ** -PERDURE_LEAST
    for k in range(PERDURE_LEAST, 0):
        # 2**n / power, with 128 bits, rounded up
        whole = -(-(1 << (power.bit_length() + 127)) // power)
        set_power(tens, k, <uint64_t>(whole >> 64), <uint64_t>(whole & 0xFFFFFFFFFFFFFFFF))
        power //= base
    for k in range(PERDURE_MOST + 1):
        shift = 128 - power.bit_length()
        whole = power << shift if shift >= 0 else -(-power >> -shift) if tens else power >> -shift
        set_power(tens, k, <uint64_t>(whole >> 64), <uint64_t>(whole & 0xFFFFFFFFFFFFFFFF))
        power *= base
    return 0
