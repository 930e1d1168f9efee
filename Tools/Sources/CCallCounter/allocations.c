#include "counters.h"
#include <errno.h>
#include <stddef.h>

// glibc's own allocator under its other names. The memory stays glibc's, so `free` and the rest
// need no replacement. Not dlsym(RTLD_NEXT), which may itself allocate.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    count_call(ALLOCATIONS);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_call(ALLOCATIONS);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    count_call(ALLOCATIONS);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    count_call(ALLOCATIONS);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count_call(ALLOCATIONS);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    count_call(ALLOCATIONS);
    void *memory = __libc_memalign(alignment, size);
    if (!memory)
        return ENOMEM;
    *result = memory;
    return 0;
}
