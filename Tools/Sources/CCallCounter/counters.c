#include "counters.h"
#include "CCallCounter.h"

counter counters[COUNTER_KINDS];

static uint64_t load(counter_kind kind)
{
    return __atomic_load_n(&counters[kind].count, __ATOMIC_RELAXED);
}

calls_counts calls_now(void)
{
    calls_counts counts = {
        .allocations = load(ALLOCATIONS),
        .sends = load(SENDS),
        .receives = load(RECEIVES),
        .waits = load(WAITS),
        .futexes = load(FUTEXES),
        .eventfds = load(EVENTFDS),
        .others = load(OTHERS),
    };
    return counts;
}
