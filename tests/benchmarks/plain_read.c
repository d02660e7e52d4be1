/* Reads memory on several threads and does next to nothing with it: what the
   machine's memory gives to a plain loop, without Python and without sums. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

typedef struct {
    const void *memory;
    int64_t words;
    int64_t passes;
    uint64_t seen;
    int64_t enter_ns;
    int64_t exit_ns;
} reading;

struct reader {
    pthread_t thread;
    pthread_mutex_t *gate;
    reading *reading;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Independent lanes become vector instructions; their result is returned, so
   that no read can be left out. */
static uint64_t read_once(const char *memory, int64_t words)
{
    enum { LANES = 16, WORD = sizeof(uint64_t) };
    uint64_t lane[LANES] = {0}, word;
    int64_t i = 0;

    for (; i + LANES <= words; i += LANES)
        for (int k = 0; k < LANES; k++) {
            memcpy(&word, memory + (i + k) * WORD, WORD);
            lane[k] ^= word;
        }
    for (; i < words; i++) {
        memcpy(&word, memory + i * WORD, WORD);
        lane[0] ^= word;
    }
    for (int k = 1; k < LANES; k++)
        lane[0] ^= lane[k];
    return lane[0];
}

static void *wait_and_read(void *argument)
{
    struct reader *self = argument;
    reading *mine = self->reading;
    pthread_mutex_lock(self->gate);
    pthread_mutex_unlock(self->gate);

    mine->enter_ns = now_ns();
    for (int64_t pass = 0; pass < mine->passes; pass++) {
        /* For all the compiler knows, the memory has changed meanwhile. */
        atomic_thread_fence(memory_order_seq_cst);
        mine->seen += read_once(mine->memory, mine->words);
    }
    mine->exit_ns = now_ns();
    return NULL;
}

/* Makes all readings at once, one thread each; returns 0 or an error number. */
int read_on_threads(reading *readings, int count)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct reader readers[count];
    int started = 0, error = 0;

    pthread_mutex_lock(&gate);
    while (started < count && error == 0) {
        struct reader *next = &readers[started];
        *next = (struct reader){.gate = &gate, .reading = &readings[started]};
        error = pthread_create(&next->thread, NULL, wait_and_read, next);
        if (error == 0)
            started++;
    }
    pthread_mutex_unlock(&gate);

    for (int i = 0; i < started; i++)
        pthread_join(readers[i].thread, NULL);
    return error;
}
