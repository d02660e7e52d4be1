/* The kernels that the tables time: loops over a buffer that call no Python. */

#include "kernels.h"

#include <math.h>

/* The question's loop: one accumulator, in order. Each addition waits for
   the one before it, so this runs at the latency of one addition. */
double sum(const double *data, int64_t size)
{
    double total = 0.0;
    for (int64_t i = 0; i < size; i++)
        total += data[i];
    return total;
}

/* Adds x to *total, and what that addition rounded away to *lost
   (Knuth's TwoSum: exact, whichever of the two is larger, short of overflow). */
static void add(double *total, double *lost, double x)
{
    double next = *total + x;
    double taken = next - *total;
    *lost += (*total - (next - taken)) + (x - taken);
    *total = next;
}

/* The same job, faster: on a large array memory may be the limit. Eight accumulators that
   do not wait for each other become vector instructions, and reading both halves of the
   array at once keeps two streams of cache lines in flight. Each accumulator adds up
   sixteen elements at a time into a compensated total of its own, so that the bound of the
   error is no larger than that of the pairwise summation that NumPy does; on one array
   either may come closer. */
double sum_wide(const double *data, int64_t size)
{
    enum { STREAMS = 2, LANES = 4, WIDTH = STREAMS * LANES, BLOCK = 16 * LANES };
    const int64_t part = size / STREAMS / BLOCK * BLOCK;
    double total[WIDTH] = {0.0}, lost[WIDTH] = {0.0};
    double sum = 0.0, rest = 0.0;

    for (int64_t block = 0; block < part; block += BLOCK) {
        double lane[WIDTH] = {0.0};
        for (int i = 0; i < BLOCK; i += LANES)
            for (int s = 0; s < STREAMS; s++)
                for (int k = 0; k < LANES; k++)
                    lane[s * LANES + k] += data[s * part + block + i + k];
        for (int k = 0; k < WIDTH; k++)
            add(&total[k], &lost[k], lane[k]);
    }
    for (int k = 0; k < WIDTH; k++) {
        add(&sum, &rest, total[k]);
        rest += lost[k];
    }
    for (int64_t i = STREAMS * part; i < size; i++)
        add(&sum, &rest, data[i]);
    return isfinite(sum) ? sum + rest : sum;
}

/* Writes into the array in place. Safe beside other threads only because
   each is given elements that no other call reads or writes. */
double scale(double *data, int64_t size, double factor)
{
    for (int64_t i = 0; i < size; i++)
        data[i] *= factor;
    return size > 0 ? data[size - 1] : 0.0;
}

/* Arithmetic on no memory at all: what remains when the array is not the
   bottleneck. The factor is below 1, so x stays bounded for any size. */
double spin(double x, int64_t size)
{
    for (int64_t i = 0; i < size; i++)
        x = x * 0.999999 + 1.0;
    return x;
}
