#include "connection.h"

/* For a caller that holds the connection's lock, and, as it turned out, not the GIL. */
int run_command(connection *on, const char *name)
{
    char *line = PyMem_Malloc(300);
    if (line == NULL)
        return -1;
    const int code = connection_write(on, line, name);
    PyMem_Free(line);
    return code;
}

int run_command_quietly(connection *on, const char *name)
{
    char line[300];
    return connection_write(on, line, name);
}
