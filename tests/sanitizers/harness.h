/* Runs one half of a pattern on plain threads: `program unsafe` or `program safe`.

   A driver includes the pattern's own C, so that what the sanitizer judges is what the
   gallery runs. Each of its threads, numbered from 0, executes the driver's function for
   the half, and whatever Python does in the gallery one of them does here. */

#include <pthread.h>
#include <string.h>

lab shared_lab;

struct runner {
    pthread_t thread;
    void (*half)(int thread);
    int number;
};

static void *run(void *runner)
{
    const struct runner *own = runner;
    own->half(own->number);
    return NULL;
}

#define HARNESS(threads, unsafe, safe)                                                 \
    int main(int count, char **words)                                                  \
    {                                                                                  \
        struct runner runners[threads];                                                \
        if (count != 2)                                                                \
            return 2;                                                                  \
        for (int i = 0; i < threads; i++) {                                            \
            runners[i].half = strcmp(words[1], "safe") == 0 ? safe : unsafe;           \
            runners[i].number = i;                                                     \
            if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0)       \
                return 2;                                                              \
        }                                                                              \
        for (int i = 0; i < threads; i++)                                              \
            pthread_join(runners[i].thread, NULL);                                     \
        return 0;                                                                      \
    }
