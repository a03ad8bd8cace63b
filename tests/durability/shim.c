/* Preloaded: makes the system calls of a process fail on demand, and writes down what they did.

   arm(call, n, error, forever): the n-th such call from now on, and with `forever` each one after it, fails with
   the error; an error of 0 halves the write instead. arm(-1, 0, 0, 0) ends it. calls(): how many were made.
   trace(descriptor): write each call that succeeds there; -1 ends it. tests/durability/shim.py has both sides. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE, FSYNC, RENAME, OPEN, FTRUNCATE, UNLINK, FCHMOD, LINK, CLOSE };

static int armed = -1, first, error, forever, count, log_to = -1;

void arm(int call, int n, int with, int for_ever) { armed = call; first = n; error = with; forever = for_ever; count = 0; }
int calls(void) { return count; }
void trace(int descriptor) { log_to = descriptor; }

static int hit(int call) {
    if (call != armed) return 0;
    count++;
    return count == first || (forever && count > first);
}

static int fails(int call) {
    if (!hit(call) || !error) return 0;
    errno = error;
    return 1;
}

static void note(int call, int descriptor, int64_t number, const void *one, size_t n, const void *two, size_t m) {
    int saved = errno;
    struct { int32_t call, descriptor; int64_t number, n, m; } head = { call, descriptor, number, (int64_t)n, (int64_t)m };
    if (log_to < 0) return;
    syscall(SYS_write, log_to, &head, sizeof head);
    for (size_t k; n; n -= k, one = (const char *)one + k) k = (size_t)syscall(SYS_write, log_to, one, n);
    for (size_t k; m; m -= k, two = (const char *)two + k) k = (size_t)syscall(SYS_write, log_to, two, m);
    errno = saved;
}

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

ssize_t write(int descriptor, const void *data, size_t n) {
    if (armed == WRITE && hit(WRITE)) {
        if (error) { errno = error; return -1; }
        if (n > 1) n /= 2;
    }
    ssize_t done = REAL(write, descriptor, data, n);
    if (done >= 0) note(WRITE, descriptor, -1, data, (size_t)done, NULL, 0);
    return done;
}

#define PWRITE(name, type) \
    ssize_t name(int descriptor, const void *data, size_t n, type offset) { \
        if (fails(WRITE)) return -1; \
        ssize_t done = REAL(name, descriptor, data, n, offset); \
        if (done >= 0) note(WRITE, descriptor, offset, data, (size_t)done, NULL, 0); \
        return done; \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (fails(OPEN)) return -1; \
        int got = REAL(name, path, flags, mode); \
        if (got >= 0) note(OPEN, got, flags, path, strlen(path), NULL, 0); \
        return got; \
    }
OPENING(open)
OPENING(open64)

#define ONE(name, call, number, parameters, ...) \
    int name parameters { \
        if (fails(call)) return -1; \
        int result = REAL(name, __VA_ARGS__); \
        if (result == 0) note(call, descriptor, number, NULL, 0, NULL, 0); \
        return result; \
    }
ONE(fsync, FSYNC, 0, (int descriptor), descriptor)
ONE(fdatasync, FSYNC, 0, (int descriptor), descriptor)
ONE(fchmod, FCHMOD, mode, (int descriptor, mode_t mode), descriptor, mode)
ONE(ftruncate, FTRUNCATE, size, (int descriptor, off_t size), descriptor, size)
ONE(ftruncate64, FTRUNCATE, size, (int descriptor, off64_t size), descriptor, size)
ONE(close, CLOSE, 0, (int descriptor), descriptor)

int rename(const char *from, const char *to) {
    if (fails(RENAME)) return -1;
    int result = REAL(rename, from, to);
    if (result == 0) note(RENAME, -1, 0, from, strlen(from), to, strlen(to));
    return result;
}

int link(const char *from, const char *to) {
    if (fails(LINK)) return -1;
    int result = REAL(link, from, to);
    if (result == 0) note(LINK, -1, 0, from, strlen(from), to, strlen(to));
    return result;
}

int linkat(int of, const char *from, int in, const char *to, int flags) {
    if (fails(LINK)) return -1;
    int result = REAL(linkat, of, from, in, to, flags);
    if (result == 0) note(LINK, -1, 0, from, strlen(from), to, strlen(to));
    return result;
}

int unlink(const char *path) {
    if (fails(UNLINK)) return -1;
    int result = REAL(unlink, path);
    if (result == 0) note(UNLINK, -1, 0, path, strlen(path), NULL, 0);
    return result;
}
