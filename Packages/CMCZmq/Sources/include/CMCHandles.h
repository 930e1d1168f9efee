// What the C interface hands out in place of pointers: numbers that are looked up, never dereferenced,
// so that a closed, foreign or made-up one is told from a live one.
//
// A call announces the object that it is about to use in a place of its own thread, then looks whether
// the handle is still valid; who closes makes the handle invalid, then looks at all threads' places
// (hazard pointers; Michael, 2004). membarrier(2) orders the two. A thread mostly uses the same handle
// again: what its last call announced stays, and only whether it counts is written, twice.
#ifndef CMC_HANDLES_H
#define CMC_HANDLES_H

#include "CMCLinux.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CMC_HANDLE_POLLER = 0, CMC_HANDLE_CONTEXT = 1, CMC_HANDLE_SOCKET = 2, CMC_HANDLE_OTHER = 3 };

/// Calls that a thread may be inside of at once: a message's free function may call again.
#define CMC_GUARD_DEPTH 16

typedef struct cmc_guard {
    /// How many of `objects` the thread is inside of.
    atomic_int depth;
    bool in_use;
    /// Of the first object, if it is a socket's, whether the thread is inside or was last; with its slot.
    uintptr_t handle;
    struct cmc_slot *slot;
    _Atomic(void *) objects[CMC_GUARD_DEPTH];
    struct cmc_guard *next;
} cmc_guard;

typedef struct cmc_slot {
    _Atomic(uintptr_t) handle;
    _Atomic(void *) object;
    uint32_t generation;
    int32_t next_free;
} cmc_slot;

#define CMC_SLOTS_PER_CHUNK 1024
#define CMC_CHUNKS 64

extern _Atomic(cmc_slot *) cmc_handle_chunks[CMC_CHUNKS];
/// How many objects whose handles were taken wait for calls to leave them.
extern atomic_int cmc_retired_count;
extern __thread cmc_guard *cmc_thread_guard __attribute__((tls_model("initial-exec")));
/// Counts how often the process is the child of a fork.
unsigned cmc_fork_count(void);

/// The calling thread's guard, made; NULL when there is no memory.
cmc_guard *cmc_guard_make(void);

/// Keeps a copy of a text for the calling thread, until it has kept so many others; NULL without memory.
enum { CMC_KEPT_TEXTS = 16 };
const char *cmc_keep_text(const uint8_t *bytes, size_t count);

/// A handle for an object; 0 when there are too many.
uintptr_t cmc_handle_make(int kind, void *object);
/// Makes a handle invalid and returns its object; NULL when it was none of that kind.
void *cmc_handle_take(uintptr_t handle, int kind);
/// Whether a call is inside with an object whose handle was taken.
bool cmc_handle_is_busy(void *object);

// A handle is a number of 47 bits, as an address is: a mark, the kind, the slot's generation, its index.
#define CMC_HANDLE_MARK ((uintptr_t)1 << 46)
#define CMC_HANDLE_KIND_SHIFT 44
#define CMC_HANDLE_GENERATION_SHIFT 20
#define CMC_HANDLE_INDEX_SHIFT 4
/// A slot's generations: 1 to this, 24 bits.
#define CMC_GENERATIONS 0xFFFFFF

static inline size_t cmc_handle_index(uintptr_t handle) {
    return (handle >> CMC_HANDLE_INDEX_SHIFT) & (CMC_SLOTS_PER_CHUNK * CMC_CHUNKS - 1);
}

/// As `cmc_handle_enter`, of any handle.
void *cmc_handle_enter_slowly(uintptr_t handle, int kind);

static inline bool cmc_handle_is_of(uintptr_t handle, int kind) {
    return handle >> CMC_HANDLE_KIND_SHIFT == (CMC_HANDLE_MARK >> CMC_HANDLE_KIND_SHIFT | (uintptr_t)kind);
}

/// The object of a handle, which stays alive until `cmc_handle_leave`; NULL when it is none of the kind.
static inline void *cmc_handle_enter(uintptr_t handle, int kind) {
    cmc_guard *guard = cmc_thread_guard;
    // Only handles of sockets are remembered.
    if (kind != CMC_HANDLE_SOCKET || guard == NULL || guard->handle != handle
        || atomic_load_explicit(&guard->depth, memory_order_relaxed) != 0)
        return cmc_handle_enter_slowly(handle, kind);
    atomic_store_explicit(&guard->depth, 1, memory_order_release);
    // The other half is the membarrier of `cmc_handle_is_busy`.
    cmc_fence_light();
    // No number comes twice: with the handle the object is the same.
    if (atomic_load_explicit(&guard->slot->handle, memory_order_acquire) == handle)
        return atomic_load_explicit(&guard->objects[0], memory_order_relaxed);
    atomic_store_explicit(&guard->depth, 0, memory_order_release);
    return NULL;
}

/// Whether objects wait for calls to leave: then this was perhaps the last.
static inline bool cmc_handle_leave(void) {
    cmc_guard *guard = cmc_thread_guard;
    int depth = atomic_load_explicit(&guard->depth, memory_order_relaxed) - 1;
    atomic_store_explicit(&guard->depth, depth, memory_order_release);
    // Who closes counts first, then looks who is inside; a call leaves first, then looks at the count.
    cmc_fence_light();
    return atomic_load_explicit(&cmc_retired_count, memory_order_relaxed) != 0;
}

/// With the lock of the list of these objects.
static inline void cmc_retired_set(int count) {
    atomic_store_explicit(&cmc_retired_count, count, memory_order_relaxed);
}

#endif
