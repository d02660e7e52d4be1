/* Runs one half of a pattern on two plain threads: `program unsafe` or `program safe`.

   A driver includes the pattern's own C, so that what the sanitizer judges is what the
   gallery runs, and names the two functions that a thread of each half executes. */

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static lab shared_lab;

#define HARNESS(unsafe_thread, safe_thread)                                                  \
    int main(int count, char **words)                                                        \
    {                                                                                        \
        if (count != 2)                                                                      \
            return 2;                                                                        \
        void *(*half)(void *) = strcmp(words[1], "safe") == 0 ? safe_thread : unsafe_thread; \
        int first = 0, second = 1;                                                           \
        pthread_t threads[2];                                                                \
        if (pthread_create(&threads[0], NULL, half, &first) != 0                             \
            || pthread_create(&threads[1], NULL, half, &second) != 0)                        \
            return 2;                                                                        \
        pthread_join(threads[0], NULL);                                                      \
        pthread_join(threads[1], NULL);                                                      \
        return 0;                                                                            \
    }
