/* leaves-block: C++ throws from between the macros; a guard object cannot be jumped over. */

#include <Python.h>
#include <stdexcept>

namespace {

class Released {
    PyThreadState *state;

public:
    Released() { state = PyEval_SaveThread(); }
    ~Released() { PyEval_RestoreThread(state); }
};

double mean_before(const double *data, long size)
{
    double total = 0.0;
    Py_BEGIN_ALLOW_THREADS
    if (size == 0)
        throw std::invalid_argument("no elements");
    total = add(data, size);
    Py_END_ALLOW_THREADS
    return total / size;
}

double mean_after(const double *data, long size)
{
    Released released;
    if (size == 0)
        throw std::invalid_argument("no elements");
    return add(data, size) / size;
}

} // namespace
