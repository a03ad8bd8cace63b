# Who is using a Pickler or an Unpickler: one thread at a time. Its own hooks may come back to it.

from libc.stdint cimport uintptr_t

cdef extern from *:
    """
    /* 1: it is this thread's from now on; 0: it was already; -1: it is another thread's. */
    static inline int perdure_claim(uintptr_t *owner) {
        uintptr_t mine = (uintptr_t)PyThread_get_thread_ident();
        uintptr_t found = 0;
    #if !defined(Py_GIL_DISABLED)
        found = *owner;
        if (found == 0) *owner = mine;
    #elif defined(_MSC_VER) && !defined(__clang__)
        found = (uintptr_t)_InterlockedCompareExchangePointer((void *volatile *)owner, (void *)mine, NULL);
    #else
        __atomic_compare_exchange_n(owner, &found, mine, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    #endif
        return found == 0 ? 1 : found == mine ? 0 : -1;
    }
    static inline void perdure_release(uintptr_t *owner) {
    #if !defined(Py_GIL_DISABLED)
        *owner = 0;
    #elif defined(_MSC_VER) && !defined(__clang__)
        _InterlockedExchangePointer((void *volatile *)owner, NULL);
    #else
        __atomic_store_n(owner, 0, __ATOMIC_RELEASE);
    #endif
    }
    """
    int try_claim "perdure_claim"(uintptr_t*) noexcept
    void release "perdure_release"(uintptr_t*) noexcept


cdef inline int claim(uintptr_t* owner, str what) except -1:
    """Take it for this thread, which must not have it; `release` it afterwards."""
    if try_claim(owner) != 1:
        raise RuntimeError(f"{what} object is already used")
    return 0


cdef inline bint visit(uintptr_t* owner, str what) except -1:
    """As claim, for what a hook may do as well; whether it is to be released."""
    cdef int state = try_claim(owner)
    if state < 0:
        raise RuntimeError(f"{what} object is already used")
    return state
