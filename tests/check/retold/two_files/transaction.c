/* api-in-block: A function of another file allocates with Python's allocator. */

#include "connection.h"

int finish_before(connection *on)
{
    int code;
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&on->lock);
    code = run_command(on, "COMMIT");
    pthread_mutex_unlock(&on->lock);
    Py_END_ALLOW_THREADS
    return code;
}

int finish_after(connection *on)
{
    int code;
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&on->lock);
    code = run_command_quietly(on, "COMMIT");
    pthread_mutex_unlock(&on->lock);
    Py_END_ALLOW_THREADS
    return code;
}
