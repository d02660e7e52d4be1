/* Speaks up while the program runs: a hold of the GIL made another thread wait too long.
 *
 * A thread of C, which never needs the GIL, looks at the clock. So it can speak of a hold that
 * still goes on, even of one that never ends. The stack of such a hold belongs to a thread that
 * runs: it is read by a system call that copies memory and cannot fault (process_vm_readv), and
 * is told only if the same hold still goes on afterwards. A hold that ended before this thread
 * looked has left word, with the stack at its end. Each hold is told once.
 */
#include "handovers.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    TEXT_BYTES = 8192,
    LINE_TABLE_BYTES = 32768,
    MAX_TOLD_FRAMES = 12,
    FILE_BYTES = 320,
    MAX_WORDS = 16,
    MIN_PAUSE_NS = 1000000,
    MAX_PAUSE_NS = 50000000,
};

/* The word that a hold left which had ended before the alarm's thread looked. */
struct overlong {
    int64_t held, waited;
    uint32_t stack;
    int native_id;
    char name[NAME_BYTES]; /* of its thread: the row may be another's when this is told */
};

static struct {
    pthread_t thread;
    bool running, ending; /* with the GIL; ending: a thread is in alarm_stop() */
    int64_t after_ns;
    int fd;
    uint64_t told;
    char launcher[FILE_BYTES]; /* the file whose frames, and their callers, are not the program's */

    pthread_mutex_t mutex; /* for what follows; its owner neither writes nor waits for others */
    pthread_cond_t wake;
    bool leaving;
    int64_t last; /* when the last of the holds began that were told or left word */
    struct overlong words[MAX_WORDS];
    unsigned count, lost; /* lost: holds whose words found no room */
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

/* Copies a str of ASCII, without what steers a terminal; another one is told as "?". */
static void copy_str(char *to, size_t room, PyObject *str)
{
    PyASCIIObject head;
    size_t length;
    strcpy(to, "?");
    if (!copy(&head, str, sizeof head) || !head.state.compact || !head.state.ascii)
        return;
    length = (size_t)head.length < room ? (size_t)head.length : room - 1;
    if (!copy(to, (char *)str + sizeof head, length))
        length = 0; /* it is gone */
    to[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)to[i] < ' ' || to[i] == 127)
            to[i] = '?';
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

static void add_thread(text *to, const char *name, int native_id)
{
    add(to, "gil-demo: alarm: thread %s%s%d%s ", name, name[0] != '\0' ? " (" : "", native_id,
        name[0] != '\0' ? ")" : "");
}

static void send(const text *message)
{
    alarm_state.told++;
    ssize_t written = write(alarm_state.fd, message->bytes, message->used);
    (void)written; /* if nobody listens, there is nobody to tell */
}

/* Whether the hold that began at `taken` is neither told nor has left word. With the mutex. */
static bool is_news(int64_t taken)
{
    return taken > alarm_state.last; /* holds begin one after the other */
}

/* The caller owns the GIL's mutex, and its hold ends at this moment. */
void alarm_hold_ended(int64_t taken, int64_t at, uint32_t stack)
{
    struct overlong word = {.held = at - taken, .stack = stack};
    threads_waiting(taken, at, &word.waited);
    if (word.waited < watch.alarm_ns)
        return;
    threads_describe(me.row, word.name, &word.native_id);
    pthread_mutex_lock(&alarm_state.mutex);
    if (is_news(taken)) {
        alarm_state.last = taken;
        if (alarm_state.count < MAX_WORDS)
            alarm_state.words[alarm_state.count++] = word;
        else
            alarm_state.lost++;
    }
    pthread_mutex_unlock(&alarm_state.mutex);
}

/* Tells of the hold that goes on, if it is news. */
static void tell_of_the_holder(void)
{
    static text message;
    int64_t at = now(), taken = atomic_load_explicit(&watch.taken, memory_order_acquire);
    uint32_t holder = atomic_load_explicit(&watch.holder, memory_order_acquire);
    int64_t longest;
    if (holder == NOBODY || at - taken < alarm_state.after_ns)
        return;
    int waiters = threads_waiting(taken, at, &longest);
    pthread_mutex_lock(&alarm_state.mutex);
    bool news = longest >= alarm_state.after_ns && is_news(taken);
    pthread_mutex_unlock(&alarm_state.mutex);
    if (!news)
        return;
    char name[NAME_BYTES];
    int native_id;
    threads_describe(holder, name, &native_id);
    message.used = 0;
    add_thread(&message, name, native_id);
    add(&message, "has had the GIL for %.0f ms and still has it; %d thread%s, the longest for %.0f ms."
        " It is at:\n", (double)(at - taken) / 1e6, waiters, waiters == 1 ? " waits" : "s wait",
        (double)longest / 1e6);
    add_stack(&message, atomic_load_explicit(&watch.holder_state, memory_order_relaxed));
    pthread_mutex_lock(&alarm_state.mutex);
    news = is_news(taken) && atomic_load(&watch.taken) == taken &&
           atomic_load(&watch.holder) == holder; /* else the stack may be another's */
    if (news)
        alarm_state.last = taken;
    pthread_mutex_unlock(&alarm_state.mutex);
    if (news)
        send(&message);
}

static void tell_of(const struct overlong *one)
{
    static text message;
    message.used = 0;
    add_thread(&message, one->name, one->native_id);
    add(&message, "had the GIL for %.0f ms and made another wait for %.0f ms.%s\n",
        (double)one->held / 1e6, (double)one->waited / 1e6,
        one->stack > CUT_STACK ? " It dropped it at:" : "");
    PyCodeObject *code;
    int32_t offset;
    uint32_t node = one->stack;
    for (int i = 0; i < MAX_TOLD_FRAMES && stacks_place(&node, &code, &offset); i++)
        if (!add_frame(&message, code, (char *)_PyCode_CODE(code) + offset))
            break;
    send(&message);
}

/* Tells of the holds that ended since it looked last. */
static void tell_of_the_ended(void)
{
    static struct overlong words[MAX_WORDS];
    static text message;
    pthread_mutex_lock(&alarm_state.mutex);
    unsigned count = alarm_state.count, lost = alarm_state.lost;
    memcpy(words, alarm_state.words, sizeof words);
    alarm_state.count = alarm_state.lost = 0;
    pthread_mutex_unlock(&alarm_state.mutex);
    for (unsigned i = 0; i < count; i++)
        tell_of(&words[i]);
    if (lost > 0) {
        message.used = 0;
        add(&message, "gil-demo: alarm: %u more holds made another thread wait that long.\n", lost);
        send(&message);
    }
}

/* Waits for so long, or until the alarm is to end; tells whether it is. */
static bool wait_for_the_end(int64_t nanoseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t end = until.tv_nsec + nanoseconds;
    until.tv_sec += end / 1000000000;
    until.tv_nsec = end % 1000000000;
    pthread_mutex_lock(&alarm_state.mutex);
    if (!alarm_state.leaving)
        pthread_cond_timedwait(&alarm_state.wake, &alarm_state.mutex, &until);
    bool leaving = alarm_state.leaving;
    pthread_mutex_unlock(&alarm_state.mutex);
    return leaving;
}

static void *keep_looking(void *unused)
{
    (void)unused;
    int64_t pause = alarm_state.after_ns / 4;
    if (pause < MIN_PAUSE_NS)
        pause = MIN_PAUSE_NS;
    if (pause > MAX_PAUSE_NS)
        pause = MAX_PAUSE_NS;
    bool leaving;
    do {
        leaving = wait_for_the_end(pause);
        tell_of_the_holder();
        tell_of_the_ended();
    } while (!leaving);
    return NULL;
}

const char *alarm_start(int64_t after_ns, int fd, const char *launcher)
{
    if (!watch_runs())
        return "nothing is being watched";
    if (alarm_state.running)
        return "it is set already";
    int copied;
    if (!copy(&copied, &fd, sizeof copied))
        return "this system forbids process_vm_readv, as the seccomp filter of a container may";
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&alarm_state.wake, &attributes);
    pthread_condattr_destroy(&attributes);
    alarm_state.after_ns = after_ns;
    alarm_state.fd = fd;
    snprintf(alarm_state.launcher, sizeof alarm_state.launcher, "%s", launcher);
    alarm_state.told = alarm_state.count = alarm_state.lost = 0;
    alarm_state.last = 0;
    alarm_state.leaving = false;
    sigset_t all, before; /* signals are for the program's own threads */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&alarm_state.thread, NULL, keep_looking, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        pthread_cond_destroy(&alarm_state.wake);
        return "no thread could be started for it";
    }
    alarm_state.running = true;
    watch.alarm_ns = after_ns;
    return NULL;
}

bool alarm_is_set(void)
{
    return alarm_state.running;
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
