/* Writes facts, one JSON object a line, with nothing but system calls: this runs
   in signal handlers of dying processes. What is written is out: each fact is one
   write(2), so that whatever comes after it costs no more than itself. */

#include "facts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#include <crt_externs.h>
#define environ (*_NSGetEnviron()) /* a library sees no other */
#endif

struct facts_to facts_to = {.errors = STDERR_FILENO};

enum { LINE = 512 << 10, TELLER_MILLISECONDS = 30000, WAIT_MILLISECONDS = 60000 };

static _Atomic int32_t writer; /* the thread that writes a report, 0: none */
static char line[LINE];
static size_t length;
static bool too_long; /* for `line`: it is not written, since a part of it would be no JSON */
static bool first; /* nothing yet in the innermost object or list */
static int file; /* being written to */
static posix_spawn_file_actions_t teller_files; /* made in time: a handler must not meet malloc */
static char path[600];
static int64_t offset;

static void sleep_a_millisecond(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int unnamed_file(void)
{
#ifdef __linux__
    return memfd_create("gil-demo-guard", 0);
#else
    char name[] = "/tmp/gil-demo-guard-XXXXXX";
    const int made = mkstemp(name);
    unlink(name);
    return made;
#endif
}

/* snprintf is not on the list of what a handler may call, but these formats neither
   allocate nor look at the locale in glibc; faulthandler's own digits are no safer. */
static void open_the_file(void)
{
    file = -1;
    if (facts_to.directory[0] != '\0') {
        snprintf(path, sizeof path, "%s/report-%d.jsonl", facts_to.directory, (int)getpid());
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    if (file < 0) {
        file = unnamed_file(); /* the teller inherits it */
        snprintf(path, sizeof path, "/dev/fd/%d", file);
    }
}

/* One thread at a time: its lines must not be mixed with another's. */
static bool become_writer(void)
{
    const int32_t thread = guard_thread();
    for (int waited = 0;; waited++) {
        int32_t nobody = 0;
        if (atomic_compare_exchange_strong(&writer, &nobody, thread))
            return true;
        if (nobody == thread || waited > WAIT_MILLISECONDS)
            return false;
        sleep_a_millisecond();
    }
}

bool facts_begin(void)
{
    if (!become_writer())
        return false;
    open_the_file(); /* for each report: the program may close what it did not open */
    offset = lseek(file, 0, SEEK_END);
    return true;
}

bool facts_note_begin(int where)
{
    if (!become_writer())
        return false;
    file = where;
    return true;
}

void facts_note_end(void)
{
    atomic_store(&writer, 0);
}

static void put(const char *text, size_t bytes)
{
    if (bytes > LINE - length) {
        too_long = true;
        return;
    }
    memcpy(line + length, text, bytes);
    length += bytes;
}

static void write_all(int where, const char *text, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t written = write(where, text, bytes);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        text += written;
        bytes -= (size_t)written;
    }
}

static void put_character(unsigned character)
{
    char escaped[8];
    if (character == '"' || character == '\\') {
        const char text[2] = {'\\', (char)character};
        put(text, 2);
    } else if (character < 0x20 || (character >= 0x7F && character < 0x10000)) {
        put(escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", character));
    } else if (character >= 0x10000) { /* JSON has 16 bits: a pair of surrogates */
        put_character(0xD800 + ((character - 0x10000) >> 10));
        put_character(0xDC00 + ((character - 0x10000) & 0x3FF));
    } else {
        const char text = (char)character;
        put(&text, 1);
    }
}

static void key_for(const char *key)
{
    if (!first)
        put(", ", 2);
    first = false;
    if (key != NULL) {
        put("\"", 1);
        put(key, strlen(key));
        put("\": ", 3);
    }
}

static void open_bracket(const char *key, const char *bracket)
{
    key_for(key);
    put(bracket, 1);
    first = true;
}

static void close_bracket(const char *bracket)
{
    put(bracket, 1);
    first = false;
}

void fact_begin(const char *name)
{
    length = 0;
    too_long = false;
    put("{", 1);
    first = true;
    fact_text("fact", name);
}

void fact_end(void)
{
    put("}\n", 2);
    if (!too_long)
        write_all(file, line, length);
}

void fact_number(const char *key, int64_t value)
{
    char digits[24];
    key_for(key);
    put(digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)value));
}

void fact_text(const char *key, const char *value)
{
    key_for(key);
    if (value == NULL) {
        put("null", 4);
        return;
    }
    put("\"", 1);
    for (; *value != '\0'; value++)
        if ((unsigned char)*value >= 0x80)
            put(value, 1); /* of a character of UTF-8: JSON may contain these */
        else
            put_character((unsigned char)*value);
    put("\"", 1);
}

void fact_true(const char *key)
{
    key_for(key);
    put("true", 4);
}

void fact_list(const char *key)
{
    open_bracket(key, "[");
}

void fact_list_end(void)
{
    close_bracket("]");
}

void fact_object(const char *key)
{
    open_bracket(key, "{");
}

void fact_object_end(void)
{
    close_bracket("}");
}

void fact_string(const char *key, PyObject *text)
{
    enum { LONGEST = 400 };
    key_for(key);
    if (text == NULL || !PyUnicode_Check(text)) {
        put("null", 4);
        return;
    }
    put("\"", 1);
    const Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = size > LONGEST ? size - LONGEST : 0; i < size; i++)
        put_character(PyUnicode_READ(PyUnicode_KIND(text), PyUnicode_DATA(text), i));
    put("\"", 1);
}

bool facts_prepare(void)
{
    return posix_spawn_file_actions_init(&teller_files) == 0
        && posix_spawn_file_actions_adddup2(&teller_files, facts_to.errors, STDERR_FILENO) == 0;
}

/* Runs the teller and waits for it. */
static bool tell(void)
{
    char place[24];
    char *command[8];
    int words = 0, status = -1;
    pid_t child;
    while (facts_to.teller[words] != NULL) {
        command[words] = facts_to.teller[words];
        words++;
    }
    snprintf(place, sizeof place, "%lld", (long long)offset);
    command[words++] = path;
    command[words++] = place;
    command[words] = NULL;
    const int error = posix_spawn(&child, command[0], &teller_files, NULL, command, environ);
    if (error != 0)
        return false;
    for (int waited = 0; waited < TELLER_MILLISECONDS; waited++) {
        const pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (ended < 0 && errno != EINTR)
            return true; /* somebody else waits for all children: it ran, for all we know */
        sleep_a_millisecond();
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return false;
}

void facts_end(void)
{
    static const char message[] = "gil-demo guard: an access to array data went wrong, and the"
                                  " report could not be printed. Its facts, one a line:\n";
    count(&guard_counts->reports, 1);
    fact_begin("end");
    fact_end();
    if (facts_to.teller[0] != NULL) {
        if (tell()) {
            fact_begin("told");
            fact_end();
        } else { /* no memory for another process, say: the bare facts */
            write_all(facts_to.errors, message, sizeof message - 1);
            char piece[512];
            ssize_t bytes;
            const int again = open(path, O_RDONLY | O_CLOEXEC);
            for (lseek(again, offset, SEEK_SET); (bytes = read(again, piece, sizeof piece)) > 0;)
                write_all(facts_to.errors, piece, (size_t)bytes);
            close(again);
        }
    }
    close(file);
    atomic_store(&writer, 0);
}

void facts_forked(void)
{
    atomic_store(&writer, 0);
}
