/* Runs a kernel inside one call: stamps the span, makes the passes. */

#include "common/clock.h" /* first: it decides what the system's headers offer */

#include "kernels.h"

#include <math.h>
#include <stdatomic.h>

static atomic_bool cancelled;

/* Any thread may raise or lower this at any time, with or without the GIL. */
void set_cancelled(int raised)
{
    atomic_store_explicit(&cancelled, raised != 0, memory_order_release);
}

static double one_pass(kernel which, const kernel_call *call)
{
    switch (which) {
    case SUM:      return sum(call->data, call->size);
    case SUM_WIDE: return sum_wide(call->data, call->size);
    case SCALE:    return scale(call->data, call->size, -1.0);
    case SPIN:     return spin(call->result, call->size);
    }
    return NAN;
}

/* Called from Python through both modules: in one the caller holds the GIL
   from before enter_ns until after exit_ns, in the other it is released meanwhile.

   The acquire load before every pass is what makes a pass a pass: another
   thread may have written the array before it stored to the flag, so the
   compiler may not reuse what an earlier pass read. */
void run_kernel(kernel which, kernel_call *call)
{
    const int64_t cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    atomic_store(&call->enter_ns, clock_ns(SPAN_CLOCK));
    for (int64_t pass = 0; pass < call->passes; pass++) {
        if (atomic_load_explicit(&cancelled, memory_order_acquire))
            break;
        call->result = one_pass(which, call);
    }
    call->exit_ns = clock_ns(SPAN_CLOCK);
    call->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
}

/* Any thread, also while the call runs. */
int64_t entered_ns(const kernel_call *call)
{
    return atomic_load(&call->enter_ns);
}

const char *compiler(void)
{
#ifdef __clang__
    return __VERSION__;
#else
    return "GCC " __VERSION__;
#endif
}
