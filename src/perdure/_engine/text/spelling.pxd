# How numbers and strings are spelt in JSON, at a place with room enough: each gives the place behind.

from perdure._engine.text.floats cimport shortest  # in C, by what is below

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    #if defined(__SSE2__)
    #include <emmintrin.h>
    #endif

    /* Digits in a register: the first one is the lowest byte, and what lies above the last one does not count. */
    static inline void perdure_store(unsigned char *p, uint64_t digits)
    {
    #if PY_BIG_ENDIAN
        digits = __builtin_bswap64(digits);
    #endif
        memcpy(p, &digits, 8);
    }
    /* The eight digits of a number below 10**8: halves, quarters and eighths of it side by side (after P. Khuong, "How
       to print integers really fast", 2017). */
    static inline uint64_t perdure_eight(uint32_t n)
    {
        uint64_t x = n / 10000 | (uint64_t)(n % 10000) << 32;
        uint64_t upper = (x * 10486 >> 20) & 0x0000007F0000007Fu;
        x = upper | (x - 100 * upper) << 16;
        upper = (x * 103 >> 10) & 0x000F000F000F000Fu;
        return (upper | (x - 10 * upper) << 8) + 0x3030303030303030u;
    }
    typedef struct { uint64_t low, high; } perdure_sixteen;

    static inline perdure_sixteen perdure_sixteen_of(uint64_t n)
    {
        perdure_sixteen x = { perdure_eight((uint32_t)(n / 100000000)), perdure_eight((uint32_t)(n % 100000000)) };
        return x;
    }
    /* Without the first k of them, k <= 16. */
    static inline perdure_sixteen perdure_without(perdure_sixteen x, int k)
    {
        if (k >= 8) {
            x.low = x.high;
            x.high = 0;
            k -= 8;
        }
        if (k == 8)
            x.low = 0;
        else if (k) {
            x.low = x.low >> 8 * k | x.high << (64 - 8 * k);
            x.high >>= 8 * k;
        }
        return x;
    }
    static inline void perdure_store_sixteen(unsigned char *p, perdure_sixteen x)
    {
        perdure_store(p, x.low);
        perdure_store(p + 8, x.high);
    }
    /* How many digits, of a number below 10**18. */
    static inline int perdure_length(uint64_t n)
    {
        static const uint64_t tens[] = {
            1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
            1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
            1000000000000000000,
        };
        int most = (64 - perdure_leading(n | 1)) * 1233 >> 12;  /* one less, or as many */
        return most + (n >= tens[most]) + (n == 0);
    }

    /* Numbers below 1,000, each behind its digits the number of them. */
    #define PERDURE_1(c) { c, 0, 0, 1 },
    #define PERDURE_2(b, c) { b, c, 0, 2 },
    #define PERDURE_3(a, b, c) { a, b, c, 3 },
    #define PERDURE_TEN(f) f('0') f('1') f('2') f('3') f('4') f('5') f('6') f('7') f('8') f('9')
    #define PERDURE_TEN_2(b) \\
        PERDURE_2(b, '0') PERDURE_2(b, '1') PERDURE_2(b, '2') PERDURE_2(b, '3') PERDURE_2(b, '4') \\
        PERDURE_2(b, '5') PERDURE_2(b, '6') PERDURE_2(b, '7') PERDURE_2(b, '8') PERDURE_2(b, '9')
    #define PERDURE_TEN_3(a, b) \\
        PERDURE_3(a, b, '0') PERDURE_3(a, b, '1') PERDURE_3(a, b, '2') PERDURE_3(a, b, '3') PERDURE_3(a, b, '4') \\
        PERDURE_3(a, b, '5') PERDURE_3(a, b, '6') PERDURE_3(a, b, '7') PERDURE_3(a, b, '8') PERDURE_3(a, b, '9')
    #define PERDURE_HUNDRED(a) \\
        PERDURE_TEN_3(a, '0') PERDURE_TEN_3(a, '1') PERDURE_TEN_3(a, '2') PERDURE_TEN_3(a, '3') PERDURE_TEN_3(a, '4') \\
        PERDURE_TEN_3(a, '5') PERDURE_TEN_3(a, '6') PERDURE_TEN_3(a, '7') PERDURE_TEN_3(a, '8') PERDURE_TEN_3(a, '9')
    static const unsigned char perdure_small[1000][4] = {
        PERDURE_TEN(PERDURE_1)
        PERDURE_TEN_2('1') PERDURE_TEN_2('2') PERDURE_TEN_2('3') PERDURE_TEN_2('4') PERDURE_TEN_2('5')
        PERDURE_TEN_2('6') PERDURE_TEN_2('7') PERDURE_TEN_2('8') PERDURE_TEN_2('9')
        PERDURE_HUNDRED('1') PERDURE_HUNDRED('2') PERDURE_HUNDRED('3') PERDURE_HUNDRED('4') PERDURE_HUNDRED('5')
        PERDURE_HUNDRED('6') PERDURE_HUNDRED('7') PERDURE_HUNDRED('8') PERDURE_HUNDRED('9')
    };
    static unsigned char *perdure_spell_large(unsigned char *p, uint64_t n)
    {
        int length;
        if (n < 100000000) {
            length = perdure_length(n);
            perdure_store(p, perdure_eight((uint32_t)n) >> 8 * (8 - length));
            return p + length;
        }
        if (n < 10000000000000000u) {
            length = perdure_length(n);
            perdure_store_sixteen(p, perdure_without(perdure_sixteen_of(n), 16 - length));
            return p + length;
        }
        length = perdure_length(n / 10000000000000000u);
        perdure_store(p, perdure_eight((uint32_t)(n / 10000000000000000u)) >> 8 * (8 - length));
        perdure_store_sixteen(p + length, perdure_sixteen_of(n % 10000000000000000u));
        return p + length + 16;
    }
    /* Needs 40 bytes. */
    static inline unsigned char *perdure_spell_integer(unsigned char *p, int64_t n)
    {
        uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
        *p = '-';
        p += n < 0;
        if (size < 1000) {
            memcpy(p, perdure_small[size], 4);
            return p + perdure_small[size][3];
        }
        return perdure_spell_large(p, size);
    }

    /* A finite one as repr writes it. Needs 64 bytes. */
    static inline unsigned char *perdure_spell_real(unsigned char *p, double value)
    {
        perdure_sixteen digits;
        uint64_t bits, number;
        unsigned char last = 0;  /* the 17th */
        int exponent = 0, n, point;
        memcpy(&bits, &value, 8);
        *p = '-';
        p += bits >> 63;
        if (!(bits << 1)) {
            memcpy(p, "0.0", 3);
            return p + 3;
        }
        number = perdure_shortest(bits, &exponent);
        if (number % 10 == 0) {
            for (; number % 100000000 == 0; exponent += 8) number /= 100000000;
            if (number % 10000 == 0) { number /= 10000; exponent += 4; }
            if (number % 100 == 0) { number /= 100; exponent += 2; }
            if (number % 10 == 0) { number /= 10; exponent += 1; }
        }
        n = perdure_length(number);
        if (n > 16) {
            last = (unsigned char)('0' + number % 10);
            digits = perdure_sixteen_of(number / 10);
        } else
            digits = perdure_without(perdure_sixteen_of(number), 16 - n);
        point = n + exponent;  /* digits before the point */
        if (0 < point && point <= 16) {
            perdure_store_sixteen(p, digits);
            if (exponent < 0) {
                p[point] = '.';
                perdure_store_sixteen(p + point + 1, perdure_without(digits, point));
                if (n > 16)
                    p[n] = last;
                return p + n + 1;
            }
            memcpy(p + n, "0000000000000000", 16);
            memcpy(p + point, ".0", 2);
            return p + point + 2;
        }
        if (-4 < point && point <= 0) {
            memcpy(p, "0.0000", 6);
            p += 2 - point;
            perdure_store_sixteen(p, digits);
            if (n > 16)
                p[16] = last;
            return p + n;
        }
        perdure_store(p, digits.low);
        p[1] = '.';
        perdure_store_sixteen(p + 2, perdure_without(digits, 1));
        if (n > 16)
            p[n] = last;
        p += n > 1 ? n + 1 : 1;
        point -= 1;
        p[0] = 'e';
        p[1] = point < 0 ? '-' : '+';
        if (point < 0)
            point = -point;
        p += 2;
        if (point >= 100)
            *p++ = (unsigned char)('0' + point / 100);
        p[0] = (unsigned char)('0' + point / 10 % 10);
        p[1] = (unsigned char)('0' + point % 10);
        return p + 2;
    }

    /* What stands in a string only behind a backslash. */
    static inline int perdure_is_special(unsigned char c) { return c < 0x20 || c == 0x22 || c == 0x5C; }

    /* Not 0 where one of eight bytes is. */
    static inline uint64_t perdure_special_of(uint64_t x)
    {
        const uint64_t ones = 0x0101010101010101u;
        uint64_t quote = x ^ ones * 0x22, slash = x ^ ones * 0x5C;
        return (((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & ones * 0x80;
    }
    /* How many bytes from p on, of n, are not. */
    static inline Py_ssize_t perdure_simple(const unsigned char *p, Py_ssize_t n)
    {
        Py_ssize_t i = 0;
        for (; i + 8 <= n; i += 8) {
            uint64_t x;
            memcpy(&x, p + i, 8);
            if (perdure_special_of(x))
                break;
        }
        while (i < n && !perdure_is_special(p[i]))
            i++;
        return i;
    }

    static inline unsigned char *perdure_spell_escape(unsigned char *p, unsigned char c)
    {
        const char *digits = "0123456789abcdef";
        p[0] = 0x5C;
        p[1] = c;
        if (c >= 0x20)
            return p + 2;
        p[1] = c == 10 ? 'n' : c == 9 ? 't' : c == 13 ? 'r' : c == 8 ? 'b' : c == 12 ? 'f' : 'u';
        if (p[1] != 'u')
            return p + 2;
        p[2] = p[3] = '0';
        p[4] = (unsigned char)digits[c >> 4];
        p[5] = (unsigned char)digits[c & 15];
        return p + 6;
    }

    static unsigned char *perdure_spell_singly(unsigned char *p, const unsigned char *from, size_t n)
    {
        for (; n; n--, from++) {
            if (perdure_is_special(*from)) p = perdure_spell_escape(p, *from);
            else *p++ = *from;
        }
        return p;
    }

    #if defined(__SSE2__) && !defined(__SANITIZE_ADDRESS__)
    /* 0xFF where one of 16 bytes is special. */
    static inline __m128i perdure_specials(__m128i x)
    {
        __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(0x22)), _mm_cmpeq_epi8(x, _mm_set1_epi8(0x5C)));
        return _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1F)), x), marks);
    }
    /* Which of 16 bytes are special. They are copied. */
    static inline unsigned int perdure_copy_sixteen(unsigned char *to, const unsigned char *from)
    {
        __m128i x = _mm_loadu_si128((const __m128i *)from);
        _mm_storeu_si128((__m128i *)to, x);
        return (unsigned int)_mm_movemask_epi8(perdure_specials(x));
    }
    /* Whether any of 64 is. They are copied. */
    static inline int perdure_copy_four_times(unsigned char *to, const unsigned char *from)
    {
        __m128i a = _mm_loadu_si128((const __m128i *)from), b = _mm_loadu_si128((const __m128i *)(from + 16));
        __m128i c = _mm_loadu_si128((const __m128i *)(from + 32)), d = _mm_loadu_si128((const __m128i *)(from + 48));
        _mm_storeu_si128((__m128i *)to, a);
        _mm_storeu_si128((__m128i *)(to + 16), b);
        _mm_storeu_si128((__m128i *)(to + 32), c);
        _mm_storeu_si128((__m128i *)(to + 48), d);
        return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(perdure_specials(a), perdure_specials(b)),
                                              _mm_or_si128(perdure_specials(c), perdure_specials(d))));
    }
    /* Of a page one byte of which can be read, every byte can. */
    static inline int perdure_is_in_page(const unsigned char *p, size_t n)
    {
        return ((uintptr_t)p & 4095) <= 4096 - n;
    }

    static unsigned char *perdure_spell_many(unsigned char *p, const unsigned char *from, size_t n)
    {
        while (n) {
            unsigned int special;
            size_t same = n < 16 ? n : 16;
            if (n >= 64 && !perdure_copy_four_times(p, from)) {
                p += 64;
                from += 64;
                n -= 64;
                continue;
            }
            if (n < 16 && !perdure_is_in_page(from, 16))
                return perdure_spell_singly(p, from, n);
            special = perdure_copy_sixteen(p, from) & ((1u << same) - 1);
            if (special)
                same = (size_t)__builtin_ctz(special);
            p += same;
            from += same;
            n -= same;
            if (special) {
                p = perdure_spell_escape(p, *from++);
                n--;
            }
        }
        return p;
    }
    /* Whether it is done: fewer than 32 bytes, none of them special. Needs 32 bytes. */
    static inline int perdure_spell_few(unsigned char *p, const unsigned char *from, size_t n)
    {
        return n < 32 && perdure_is_in_page(from, 32)
               && !((perdure_copy_sixteen(p, from) | perdure_copy_sixteen(p + 16, from + 16) << 16) & ((1u << n) - 1));
    }
    #else
    static inline int perdure_spell_few(unsigned char *p, const unsigned char *from, size_t n)
    {
        (void)p, (void)from;
        return n == 0;
    }
    static unsigned char *perdure_spell_many(unsigned char *p, const unsigned char *from, size_t n)
    {
        while (n >= 8) {
            uint64_t x;
            memcpy(&x, from, 8);
            if (perdure_special_of(x))
                p = perdure_spell_singly(p, from, 8);
            else {
                memcpy(p, &x, 8);
                p += 8;
            }
            from += 8;
            n -= 8;
        }
        return perdure_spell_singly(p, from, n);
    }
    #endif

    /* What stands in quotation marks. Needs 6 * n + 32 bytes. */
    static inline unsigned char *perdure_spell_bytes(unsigned char *p, const unsigned char *from, size_t n)
    {
        return perdure_spell_few(p, from, n) ? p + n : perdure_spell_many(p, from, n);
    }
    """
    Py_ssize_t simple_bytes "perdure_simple"(const unsigned char*, Py_ssize_t) noexcept
    unsigned char* spell_integer "perdure_spell_integer"(unsigned char*, long long) noexcept
    unsigned char* spell_real "perdure_spell_real"(unsigned char*, double) noexcept
    unsigned char* spell_escape "perdure_spell_escape"(unsigned char*, unsigned char) noexcept
    unsigned char* spell_bytes "perdure_spell_bytes"(unsigned char*, const unsigned char*, size_t) noexcept
