/* lock-order: A lock is kept while END waits for the GIL, and another call waits the other way. */

#include <Python.h>

static pthread_mutex_t before_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t after_lock = PTHREAD_MUTEX_INITIALIZER;

static void flush_before(queue *of)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&before_lock);
    queue_flush(of);
    Py_END_ALLOW_THREADS
    pthread_mutex_unlock(&before_lock);
}

static int length_before(queue *of)
{
    pthread_mutex_lock(&before_lock);
    const int length = queue_length(of);
    pthread_mutex_unlock(&before_lock);
    return length;
}

static void flush_after(queue *of)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&after_lock);
    queue_flush(of);
    pthread_mutex_unlock(&after_lock);
    Py_END_ALLOW_THREADS
}

static int length_after(queue *of)
{
    pthread_mutex_lock(&after_lock);
    const int length = queue_length(of);
    pthread_mutex_unlock(&after_lock);
    return length;
}
