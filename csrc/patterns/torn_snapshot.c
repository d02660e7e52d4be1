#include "lab.h"

#include <pthread.h>
#include <string.h>

enum { ACCOUNTS = 10, ALL_MONEY = 1000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Any thread, no GIL. Volatile: every sum is to look at the memory anew. */
static double sum(const volatile double *accounts)
{
    double total = 0.0;
    for (int i = 0; i < ACCOUNTS; i++)
        total += accounts[i];
    return total;
}

/* Between its two stores the money is on no account. */
void torn_snapshot_unsafe_transfer(double *accounts, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    accounts[0] -= 100.0;
    reach(lab, 1);
    wait_for(lab, 2);
    accounts[ACCOUNTS - 1] += 100.0;
    Py_END_ALLOW_THREADS
}

double torn_snapshot_unsafe_total(const double *accounts, lab *lab)
{
    double total;
    Py_BEGIN_ALLOW_THREADS
    wait_for(lab, 1);
    total = sum(accounts);
    reach(lab, 2);
    Py_END_ALLOW_THREADS
    return total;
}

void torn_snapshot_safe_transfer(double *accounts, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&mutex);
    accounts[0] -= 100.0;
    reach(lab, 1);
    wait_for(lab, 2);
    accounts[ACCOUNTS - 1] += 100.0;
    pthread_mutex_unlock(&mutex);
    Py_END_ALLOW_THREADS
}

double torn_snapshot_safe_total(const double *accounts, lab *lab)
{
    double copy[ACCOUNTS];
    double total;
    Py_BEGIN_ALLOW_THREADS
    wait_for(lab, 1);
    reach(lab, 2); /* in the middle of the transfer, which has the mutex */
    pthread_mutex_lock(&mutex);
    memcpy(copy, accounts, sizeof copy);
    pthread_mutex_unlock(&mutex);
    total = sum(copy); /* no other thread uses it: no mutex needed */
    Py_END_ALLOW_THREADS
    return total;
}

/* Nothing is forced: two threads, and the reader may see any state. */
void torn_snapshot_unforced_transfer(volatile double *accounts, int64_t times, lab *lab)
{
    Py_BEGIN_ALLOW_THREADS
    meet(lab); /* start together */
    for (int64_t i = 0; i < times; i++) {
        accounts[i % ACCOUNTS] -= 100.0;
        accounts[(i + 1) % ACCOUNTS] += 100.0;
    }
    reach(lab, 1);
    Py_END_ALLOW_THREADS
}

double torn_snapshot_unforced_total(const volatile double *accounts, lab *lab)
{
    double total;
    Py_BEGIN_ALLOW_THREADS
    meet(lab);
    do
        total = sum(accounts);
    while (total == ALL_MONEY && atomic_load(&lab->step) < 1);
    Py_END_ALLOW_THREADS
    return total;
}
