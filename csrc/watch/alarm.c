/* Speaks up while the program runs: a hold of the GIL made another thread wait too long.
 *
 * A thread of C, which never needs the GIL, looks at the clock. So it can speak of a hold that
 * still goes on, even of one that never ends. The stack of such a hold belongs to a thread that
 * runs: it is read by a system call that copies memory and cannot fault (process_vm_readv), and
 * is told only if the same hold still goes on afterwards. A hold that ended before this thread
 * looked has left word, with the stack at its end.
 */
#include "handovers.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { TEXT_BYTES = 8192, LINE_TABLE_BYTES = 32768, MAX_TOLD_FRAMES = 12, FILE_BYTES = 320 };

static struct {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool running, ending; /* with the GIL; ending: a thread is in alarm_stop() */
    bool leaving;         /* with the mutex */
    int64_t after_ns;
    int fd;
    uint64_t told;
    char launcher[FILE_BYTES]; /* the file whose frames, and their callers, are not the program's */
} alarm_state = {.mutex = PTHREAD_MUTEX_INITIALIZER};

typedef struct {
    char bytes[TEXT_BYTES];
    size_t used;
} text;

__attribute__((format(printf, 2, 3))) static void add(text *to, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int more = vsnprintf(to->bytes + to->used, TEXT_BYTES - to->used, format, values);
    va_end(values);
    if (more > 0)
        to->used += (size_t)more < TEXT_BYTES - to->used ? (size_t)more : TEXT_BYTES - to->used - 1;
}

/* Copies memory of this process, which may be gone or changing. */
static bool copy(void *to, const void *from, size_t bytes)
{
    struct iovec here = {to, bytes}, there = {(void *)from, bytes};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

/* Copies a str of ASCII; another one is told as "?". */
static void copy_str(char *to, size_t room, PyObject *str)
{
    PyASCIIObject head;
    size_t length;
    strcpy(to, "?");
    if (!copy(&head, str, sizeof head) || !head.state.compact || !head.state.ascii)
        return;
    length = (size_t)head.length < room ? (size_t)head.length : room - 1;
    if (copy(to, (char *)str + sizeof head, length))
        to[length] = '\0';
}

/* One number of a line table: six bits a byte, the low ones first. */
static unsigned varint(const uint8_t **at, const uint8_t *end)
{
    unsigned value = 0, shift = 0;
    while (*at < end) {
        uint8_t byte = *(*at)++;
        value |= (unsigned)(byte & 63) << shift;
        if ((byte & 64) == 0 || (shift += 6) > 24)
            break;
    }
    return value;
}

/* The line of an instruction, by CPython's Objects/locations.md; 0 if it has none. */
static int line_of(const uint8_t *table, size_t bytes, int line, int offset)
{
    const uint8_t *at = table, *end = table + bytes;
    int start = 0;
    while (at < end) {
        int kind = (*at >> 3) & 15, units = (*at & 7) + 1;
        at++;
        if (kind == 14 || kind == 13) {
            unsigned delta = varint(&at, end);
            line += (delta & 1) != 0 ? -(int)(delta >> 1) : (int)(delta >> 1);
            for (int skipped = 0; kind == 14 && skipped < 3; skipped++)
                varint(&at, end);
        } else if (kind >= 10 && kind <= 12) {
            line += kind - 10;
            at += 2;
        } else if (kind < 10) {
            at += 1;
        }
        start += units * (int)sizeof(_Py_CODEUNIT);
        if (offset < start)
            return kind == 15 ? 0 : line;
    }
    return 0;
}

/* Adds a frame of the program. False: here and further out are only those that run it. */
static bool add_frame(text *to, PyCodeObject *from, char *at_instruction)
{
    static uint8_t table[LINE_TABLE_BYTES]; /* one alarm thread: nobody else uses it */
    PyVarObject head;
    PyCodeObject code;
    char function[160], file[FILE_BYTES];
    if (!copy(&code, from, sizeof code) || !Py_IS_TYPE((PyObject *)&code, &PyCode_Type) ||
        !copy(&head, code.co_linetable, sizeof head))
        return true; /* an entry from C, or memory that has changed meanwhile */
    size_t bytes = (size_t)head.ob_size;
    if (bytes > sizeof table)
        bytes = sizeof table;
    if (!copy(table, (char *)code.co_linetable + offsetof(PyBytesObject, ob_sval), bytes))
        return true;
    int offset = (int)(at_instruction - (char *)_PyCode_CODE(from));
    int line = line_of(table, bytes, code.co_firstlineno, offset);
    copy_str(function, sizeof function, code.co_qualname);
    copy_str(file, sizeof file, code.co_filename);
    if (strcmp(file, alarm_state.launcher) == 0)
        return false;
    if (line > 0 || code.co_firstlineno > 0) /* else CPython made this code for itself */
        add(to, "    %s (%s:%d)\n", function, file, line > 0 ? line : code.co_firstlineno);
    return true;
}

/* Adds the stack of a thread that may be running: the caller checks that it did not. */
static void add_stack(text *to, PyThreadState *tstate)
{
    PyThreadState state;
    struct _PyInterpreterFrame *at = NULL, frame;
    if (!copy(&state, tstate, sizeof state))
        return;
#if PY_VERSION_HEX < 0x030D0000
    if (!copy(&at, &state.cframe->current_frame, sizeof at))
        return;
#else
    at = state.current_frame;
#endif
    for (int i = 0; at != NULL && i < MAX_TOLD_FRAMES; at = frame.previous, i++) {
        if (!copy(&frame, at, sizeof frame))
            return;
        if (!add_frame(to, (PyCodeObject *)frame_executable(&frame), frame_instruction(&frame)))
            return;
    }
}

/* How many threads have waited that long for the hold that began at `taken`. */
static int waiting_since(int64_t taken, int64_t at, int64_t after, int64_t *longest)
{
    int count = 0;
    for (uint32_t i = 1; i < watch.rows; i++) {
        int64_t asked = atomic_load_explicit(&watch.threads[i].asked, memory_order_relaxed);
        int64_t waited = at - (asked > taken ? asked : taken);
        if (asked == 0)
            continue;
        count++;
        if (waited >= after && waited > *longest)
            *longest = waited;
    }
    return count;
}

static void add_thread(text *to, uint32_t row)
{
    const char *name = watch.threads[row].name;
    add(to, "gil-demo: alarm: thread %s%s%d%s ", name, name[0] != '\0' ? " (" : "",
        watch.threads[row].native_id, name[0] != '\0' ? ")" : "");
}

static void send(const text *message)
{
    alarm_state.told++;
    ssize_t written = write(alarm_state.fd, message->bytes, message->used);
    (void)written; /* if nobody listens, there is nobody to tell */
}

/* Tells of the hold that goes on, once; `told` is the beginning of the one told last. */
static void look_at_the_holder(int64_t *told)
{
    static text message;
    int64_t at = now(), taken = atomic_load_explicit(&watch.taken, memory_order_acquire);
    uint32_t holder = atomic_load_explicit(&watch.holder, memory_order_acquire);
    int64_t longest = 0;
    if (holder >= watch.rows || at - taken < alarm_state.after_ns || taken == *told)
        return;
    int waiters = waiting_since(taken, at, alarm_state.after_ns, &longest);
    if (longest == 0)
        return;
    message.used = 0;
    add_thread(&message, holder);
    add(&message, "has had the GIL for %.0f ms and still has it; %d thread%s, the longest for %.0f ms."
        " It is at:\n", (double)(at - taken) / 1e6, waiters, waiters == 1 ? " waits" : "s wait",
        (double)longest / 1e6);
    add_stack(&message, atomic_load_explicit(&watch.holder_state, memory_order_relaxed));
    if (atomic_load(&watch.taken) != taken || atomic_load(&watch.holder) != holder)
        return; /* it has just ended, and the stack may be another's: tell_alarm() knows it */
    *told = taken;
    send(&message);
}

/* Tells of the holds that ended since it looked last. */
static void look_at_the_ended(uint64_t *seen, int64_t told)
{
    static text message;
    uint64_t all = atomic_load_explicit(&watch.overlongs, memory_order_acquire);
    if (all - *seen > 16)
        *seen = all - 16; /* more than one every pause: the latest must do */
    for (; *seen < all; ++*seen) {
        struct overlong one = watch.overlong[*seen % 16];
        if (one.taken == told)
            continue;
        message.used = 0;
        add_thread(&message, one.row);
        add(&message, "had the GIL for %.0f ms and made another wait for %.0f ms.%s\n",
            (double)one.held / 1e6, (double)one.waited / 1e6,
            one.stack > CUT_STACK ? " It dropped it at:" : "");
        PyCodeObject *code;
        int32_t offset;
        uint32_t node = one.stack;
        for (int i = 0; i < MAX_TOLD_FRAMES && stacks_place(&node, &code, &offset); i++)
            if (!add_frame(&message, code, (char *)_PyCode_CODE(code) + offset))
                break;
        send(&message);
    }
}

static void *keep_looking(void *unused)
{
    (void)unused;
    uint64_t seen = 0;
    int64_t told = 0, pause = alarm_state.after_ns / 4;
    if (pause < 1000000)
        pause = 1000000;
    if (pause > 50000000)
        pause = 50000000;
    pthread_mutex_lock(&alarm_state.mutex);
    while (!alarm_state.leaving) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t end = until.tv_nsec + pause;
        until.tv_sec += end / 1000000000;
        until.tv_nsec = end % 1000000000;
        pthread_cond_timedwait(&alarm_state.wake, &alarm_state.mutex, &until);
        look_at_the_holder(&told);
        look_at_the_ended(&seen, told);
    }
    pthread_mutex_unlock(&alarm_state.mutex);
    return NULL;
}

const char *alarm_start(int64_t after_ns, int fd, const char *launcher)
{
    if (alarm_state.running)
        return "an alarm is set already";
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&alarm_state.wake, &attributes);
    pthread_condattr_destroy(&attributes);
    alarm_state.leaving = false;
    alarm_state.after_ns = after_ns;
    alarm_state.fd = fd;
    snprintf(alarm_state.launcher, sizeof alarm_state.launcher, "%s", launcher);
    alarm_state.told = 0;
    sigset_t all, before; /* signals are for the program's own threads */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&alarm_state.thread, NULL, keep_looking, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        pthread_cond_destroy(&alarm_state.wake);
        return "no thread could be started for the alarm";
    }
    alarm_state.running = true;
    watch.alarm_ns = after_ns;
    return NULL;
}

uint64_t alarm_stop(void)
{
    if (!alarm_state.running || alarm_state.ending)
        return 0;
    alarm_state.ending = true;
    Py_BEGIN_ALLOW_THREADS /* its thread may be writing to a pipe whose reader needs the GIL */
    pthread_mutex_lock(&alarm_state.mutex);
    alarm_state.leaving = true;
    pthread_cond_signal(&alarm_state.wake);
    pthread_mutex_unlock(&alarm_state.mutex);
    pthread_join(alarm_state.thread, NULL);
    Py_END_ALLOW_THREADS
    alarm_state.ending = false;
    watch.alarm_ns = 0;
    pthread_cond_destroy(&alarm_state.wake);
    alarm_state.running = false;
    return alarm_state.told;
}

void alarm_forget_in_child(void)
{
    alarm_state.running = alarm_state.ending = false;
    pthread_mutex_init(&alarm_state.mutex, NULL);
}
