#include "CMCHandles.h"

#include "CMCLinux.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

_Atomic(cmc_slot *) cmc_handle_chunks[CMC_CHUNKS];
__thread cmc_guard *cmc_thread_guard;
atomic_int cmc_retired_count;
static _Atomic unsigned fork_count;

unsigned cmc_fork_count(void) { return fork_count; }

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static int32_t free_slot = -1;
static int32_t slot_count;

static pthread_mutex_t guards = PTHREAD_MUTEX_INITIALIZER;
static cmc_guard *all_guards;
static pthread_key_t guard_key;
static pthread_once_t guard_once = PTHREAD_ONCE_INIT;

// MARK: - Guards: one for each thread that has called, used again when the thread has ended

/// The slot of no handle: nobody's number is 1, and whoever calls with 0 finds that it is another.
static cmc_slot no_slot = {.handle = 1};

static void guard_forget(cmc_guard *guard) {
    guard->handle = 0;
    guard->slot = &no_slot;
}

static void guard_retire(void *raw) {
    cmc_guard *guard = raw;
    cmc_thread_guard = NULL;
    pthread_mutex_lock(&guards);
    guard->in_use = false;
    pthread_mutex_unlock(&guards);
}

static void guard_key_create(void) { pthread_key_create(&guard_key, guard_retire); }

cmc_guard *cmc_guard_make(void) {
    pthread_once(&guard_once, guard_key_create);
    pthread_mutex_lock(&guards);
    cmc_guard *guard = all_guards;
    while (guard != NULL && guard->in_use) guard = guard->next;
    if (guard == NULL) {
        // Lines of its own: two are fetched at once, and every call writes.
        guard = aligned_alloc(128, (sizeof *guard + 127) / 128 * 128);
        if (guard != NULL) {
            memset(guard, 0, sizeof *guard);
            guard_forget(guard);
            guard->next = all_guards;
            all_guards = guard;
        }
    }
    if (guard != NULL) guard->in_use = true;
    pthread_mutex_unlock(&guards);
    if (guard == NULL) return NULL;
    pthread_setspecific(guard_key, guard);
    cmc_thread_guard = guard;
    return guard;
}

void *cmc_handle_enter_slowly(uintptr_t handle, int kind) {
    if (!cmc_handle_is_of(handle, kind)) return NULL;
    size_t index = cmc_handle_index(handle);
    cmc_slot *chunk = atomic_load_explicit(
        &cmc_handle_chunks[index / CMC_SLOTS_PER_CHUNK], memory_order_acquire);
    if (chunk == NULL) return NULL;
    cmc_slot *slot = chunk + index % CMC_SLOTS_PER_CHUNK;
    cmc_guard *guard = cmc_thread_guard;
    if (guard == NULL && (guard = cmc_guard_make()) == NULL) return NULL;
    int depth = atomic_load_explicit(&guard->depth, memory_order_relaxed);
    if (depth == CMC_GUARD_DEPTH) return NULL;
    void *object = atomic_load_explicit(&slot->object, memory_order_acquire);
    // Not the handle that is remembered, until it is known to be this object's.
    if (depth == 0) guard_forget(guard);
    atomic_store_explicit(&guard->objects[depth], object, memory_order_release);
    atomic_store_explicit(&guard->depth, depth + 1, memory_order_release);
    // The other half is the membarrier of `cmc_handle_is_busy`.
    cmc_fence_light();
    // Acquires: with the handle the object that was read is the handle's.
    if (atomic_load_explicit(&slot->handle, memory_order_acquire) != handle
        || atomic_load_explicit(&slot->object, memory_order_relaxed) != object) {
        atomic_store_explicit(&guard->depth, depth, memory_order_release);
        return NULL;
    }
    if (depth == 0 && kind == CMC_HANDLE_SOCKET) {
        guard->slot = slot;
        guard->handle = handle;
    }
    return object;
}

bool cmc_handle_is_busy(void *object) {
    // What calls have announced by now is seen below; those that announce later find the handle invalid.
    cmc_fence_heavy();
    bool is_busy = false;
    pthread_mutex_lock(&guards);
    for (cmc_guard *guard = all_guards; guard != NULL && !is_busy; guard = guard->next) {
        int depth = atomic_load_explicit(&guard->depth, memory_order_acquire);
        for (int i = 0; i < depth; i++) {
            if (atomic_load_explicit(&guard->objects[i], memory_order_acquire) == object) is_busy = true;
        }
    }
    pthread_mutex_unlock(&guards);
    return is_busy;
}

// MARK: - The table

static cmc_slot *slot_at(int32_t index) {
    cmc_slot *chunk = atomic_load(&cmc_handle_chunks[index / CMC_SLOTS_PER_CHUNK]);
    return chunk + index % CMC_SLOTS_PER_CHUNK;
}

/// A slot that is in nobody's use; -1 when there is none. With the table's mutex.
static int32_t take_slot(void) {
    if (free_slot >= 0) {
        int32_t index = free_slot;
        free_slot = slot_at(index)->next_free;
        return index;
    }
    if (slot_count == CMC_SLOTS_PER_CHUNK * CMC_CHUNKS) return -1;
    if (slot_count % CMC_SLOTS_PER_CHUNK == 0) {
        cmc_slot *chunk = calloc(CMC_SLOTS_PER_CHUNK, sizeof *chunk);
        if (chunk == NULL) return -1;
        atomic_store(&cmc_handle_chunks[slot_count / CMC_SLOTS_PER_CHUNK], chunk);
    }
    return slot_count++;
}

uintptr_t cmc_handle_make(int kind, void *object) {
    uintptr_t handle = 0;
    pthread_mutex_lock(&table);
    int32_t index = take_slot();
    if (index >= 0) {
        cmc_slot *slot = slot_at(index);
        slot->generation++;
        handle = CMC_HANDLE_MARK | (uintptr_t)kind << CMC_HANDLE_KIND_SHIFT
                 | (uintptr_t)slot->generation << CMC_HANDLE_GENERATION_SHIFT
                 | (uintptr_t)index << CMC_HANDLE_INDEX_SHIFT;
        atomic_store(&slot->object, object);
        atomic_store(&slot->handle, handle);
    }
    pthread_mutex_unlock(&table);
    return handle;
}

void *cmc_handle_take(uintptr_t handle, int kind) {
    if (handle >> CMC_HANDLE_KIND_SHIFT != (CMC_HANDLE_MARK >> CMC_HANDLE_KIND_SHIFT | kind)) return NULL;
    void *object = NULL;
    pthread_mutex_lock(&table);
    int32_t index = (int32_t)cmc_handle_index(handle);
    if (index < slot_count) {
        cmc_slot *slot = slot_at(index);
        if (atomic_load(&slot->handle) == handle) {
            object = atomic_load(&slot->object);
            atomic_store(&slot->handle, 0);
            atomic_store(&slot->object, NULL);
            // A slot whose numbers are used up is not used again: who still has one has none of another's.
            if (slot->generation < CMC_GENERATIONS) {
                slot->next_free = free_slot;
                free_slot = index;
            }
        }
    }
    pthread_mutex_unlock(&table);
    return object;
}

// MARK: - fork: the child has one thread, and may find the mutexes taken by others

static void before_fork(void) {
    pthread_mutex_lock(&table);
    pthread_mutex_lock(&guards);
}

static void after_fork(void) {
    pthread_mutex_unlock(&guards);
    pthread_mutex_unlock(&table);
}

static void in_child(void) {
    fork_count++;
    for (cmc_guard *guard = all_guards; guard != NULL; guard = guard->next) {
        if (guard == cmc_thread_guard) continue;
        atomic_store(&guard->depth, 0);
        guard->in_use = false;
    }
    after_fork();
}

__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(before_fork, after_fork, in_child);
}

// MARK: - Texts that calls return

typedef struct { char *texts[CMC_KEPT_TEXTS]; unsigned next; } kept_texts;

static pthread_key_t texts_key;
static pthread_once_t texts_once = PTHREAD_ONCE_INIT;

static void texts_free(void *raw) {
    kept_texts *kept = raw;
    for (int i = 0; i < CMC_KEPT_TEXTS; i++) free(kept->texts[i]);
    free(kept);
}

static void texts_key_create(void) { pthread_key_create(&texts_key, texts_free); }

const char *cmc_keep_text(const uint8_t *bytes, size_t count) {
    pthread_once(&texts_once, texts_key_create);
    kept_texts *kept = pthread_getspecific(texts_key);
    if (kept == NULL) {
        kept = calloc(1, sizeof *kept);
        if (kept == NULL) return NULL;
        pthread_setspecific(texts_key, kept);
    }
    char *text = malloc(count + 1);
    if (text == NULL) return NULL;
    memcpy(text, bytes, count);
    text[count] = 0;
    char **place = &kept->texts[kept->next++ % CMC_KEPT_TEXTS];
    free(*place);
    *place = text;
    return text;
}
