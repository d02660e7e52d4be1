/* SIGSEGV: tells a fault from a signal that was sent, and reports it.

   After the report the action of before is put back and the instruction runs again:
   it faults again, and the process ends, or faulthandler shows all threads, just as
   if this had not been there. */

#include "faults.h"

#include "c_stack.h"
#include "pages.h"
#include "protect.h"
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __APPLE__
enum { FAULT = SIGBUS }; /* of pages that are there and may not be accessed */
#else
enum { FAULT = SIGSEGV };
#endif

static struct sigaction fault_before, trap_before;

static const char *access_of(const void *context)
{
#if defined(__linux__) && defined(__x86_64__)
    enum { WROTE = 2 };
    return ((const ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & WROTE ? "write" : "read";
#elif defined(__linux__) && defined(__aarch64__)
    enum { ESR = 0x45535201, WROTE = 1 << 6 };
    const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
    const struct _aarch64_ctx *record = (const struct _aarch64_ctx *)machine->__reserved;
    for (; record->magic != 0 && record->size != 0;
         record = (const struct _aarch64_ctx *)((const char *)record + record->size))
        if (record->magic == ESR)
            return ((const struct esr_context *)record)->esr & WROTE ? "write" : "read";
    return "access";
#else
    (void)context;
    return "access";
#endif
}

static const void *instruction_of(const void *context)
{
#if defined(__linux__) && defined(__x86_64__)
    return (const void *)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__linux__) && defined(__aarch64__)
    return (const void *)((const ucontext_t *)context)->uc_mcontext.pc;
#else
    (void)context;
    return NULL;
#endif
}

#if defined(__linux__) && defined(__x86_64__)

/* Whether the processor had stopped a program at what the kernel kept of it, or the
   kernel had on its way back from kill() or raise(). */
static bool was_a_fault(const mcontext_t *stopped)
{
    enum { GENERAL_PROTECTION = 13, PAGE_FAULT = 14 };
    const greg_t trap = stopped->gregs[REG_TRAPNO];
    const unsigned char *after = (const unsigned char *)stopped->gregs[REG_RIP];
    if (trap != GENERAL_PROTECTION && trap != PAGE_FAULT)
        return false;
    if (trap == PAGE_FAULT && stopped->gregs[REG_CR2] == stopped->gregs[REG_RIP])
        return true; /* a call of what is no code: there is nothing to look at */
    /* What is kept may be of an earlier fault: was the last instruction SYSCALL (0F 05)? */
    return after < (const unsigned char *)page_size() || after[-2] != 0x0F || after[-1] != 0x05;
}

/* What the kernel kept when it called the handler that is running further out: it
   lies right behind the trampoline's address. backtrace() has met it, so it is there. */
static const mcontext_t *kept_further_out(const void *trampoline, const mcontext_t *ours)
{
    for (const void *const *word = (const void *const *)ours->gregs[REG_RSP];; word++) {
        const mcontext_t *kept = &((const ucontext_t *)(word + 1))->uc_mcontext;
        if (*word == trampoline && kept->gregs[REG_CSGSFS] == ours->gregs[REG_CSGSFS])
            return kept;
    }
}

#endif

/* Whether the signal in hand was raised in the handler of a real fault. faulthandler's
   ends so: two returns to the kernel's trampoline are on the stack then, and not only
   ours. But what faulthandler handles may itself have been sent. */
static bool raised_for_a_fault(const void *trampoline, const void *context)
{
    enum { DEPTH = 32 };
    void *addresses[DEPTH];
    int found = 0;
    const int depth = backtrace(addresses, DEPTH);
    for (int i = 0; i < depth; i++)
        found += addresses[i] == trampoline;
    if (found < 2)
        return false;
#if defined(__linux__) && defined(__x86_64__)
    return was_a_fault(kept_further_out(trampoline, &((const ucontext_t *)context)->uc_mcontext));
#else
    (void)context;
    return true;
#endif
}

static void put_back(void)
{
    sigaction(FAULT, &fault_before, NULL);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    const int error = errno;
    if (info->si_code <= 0) { /* sent by kill() or raise() */
        if (info->si_pid != getpid()
            || !raised_for_a_fault(__builtin_return_address(0), context)) {
            put_back();
            raise(number);
        } /* else: the faulting instruction runs again, and we learn its address */
        errno = error;
        return;
    }
    report_goes_on(); /* first: the thread that writes a report waits for no shield */
    if (shield_lets_pass(info->si_addr, context)) {
        errno = error;
        return;
    }
    const struct fault fault = {
        .address = info->si_addr,
        .access = access_of(context),
#ifdef SI_KERNEL
        .possible = info->si_code != SI_KERNEL,
#else
        .possible = true,
#endif
        .instruction = instruction_of(context),
    };
    report_fault(&fault);
    put_back();
    errno = error;
}

static void on_trap(int number, siginfo_t *Py_UNUSED(info), void *context)
{
    const int error = errno;
    if (!shield_after_step(context)) {
        sigaction(number, &trap_before, NULL);
        raise(number); /* a breakpoint is over when its signal comes: it would not come again */
    }
    errno = error;
}

bool faults_take(void)
{
    void *address;
    backtrace(&address, 1); /* loads libgcc now: not in a handler */
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    action.sa_sigaction = on_fault;
    struct sigaction trap = action;
    trap.sa_sigaction = on_trap;
    return sigaction(FAULT, &action, &fault_before) == 0
        && (!can_step() || sigaction(SIGTRAP, &trap, &trap_before) == 0);
}
