/* A process forks while another thread holds a C mutex. The child has a copy of
   the mutex that nobody unlocks.

   The unsafe half is wrong on purpose. Its page: gil-demo show fork-with-lock */

#include "lab.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static lab *forking;

/* fork() calls these two in the thread that forks, which holds the GIL. Waiting for the
   mutex with the GIL held is fine only because its owner needs no GIL to unlock it. */
static void take(void)
{
    reach(forking, 2); /* the fork has begun: the thread that holds the mutex may go on */
    pthread_mutex_lock(&mutex);
}

static void give_back(void)
{
    pthread_mutex_unlock(&mutex);
}

/* The parent: a thread that holds the mutex when another one forks. */
void fork_with_lock_unsafe_hold(double *cell, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    reach(lab, 1);
    wait_for(lab, 2); /* until the fork is over */
    *cell += 1.0;
    pthread_mutex_unlock(&mutex);
    Py_END_ALLOW_THREADS
}

/* The child: its one thread is a copy of the one that forked. */
void fork_with_lock_unsafe_add(double *cell, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    reach(lab, 3);
    pthread_mutex_lock(&mutex); /* this mutex is a copy too, made while it was locked */
    *cell += 1.0;
    pthread_mutex_unlock(&mutex);
    Py_END_ALLOW_THREADS
}

/* Called once, before any fork: the forking thread locks the mutex just before the
   fork and unlocks it just after, in the parent and in the child. In the child glibc
   allows that; POSIX does not promise it. */
int fork_with_lock_safe_prepare(lab *lab)
{
    forking = lab;
    return pthread_atfork(take, give_back, give_back);
}

void fork_with_lock_safe_hold(double *cell, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    reach(lab, 1);
    wait_for(lab, 2); /* until the fork has begun, and waits for the mutex */
    *cell += 1.0;
    pthread_mutex_unlock(&mutex); /* before END: the forking thread keeps the GIL */
    Py_END_ALLOW_THREADS
}

void fork_with_lock_safe_add(double *cell, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    reach(lab, 3);
    pthread_mutex_lock(&mutex);
    *cell += 1.0;
    pthread_mutex_unlock(&mutex);
    Py_END_ALLOW_THREADS
}
