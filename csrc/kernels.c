/* The kernels that the tables time: loops over a buffer that call no Python. */

#include <math.h>

#include "call.h"

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
   (Knuth's TwoSum: exact for any finite order of magnitudes). */
static void add(double *total, double *lost, double x)
{
    double next = *total + x;
    double taken = next - *total;
    *lost += (*total - (next - taken)) + (x - taken);
    *total = next;
}

/* The same job at the speed of memory. Sixteen accumulators that do not
   wait for each other become vector instructions, and reading both halves
   of the array at once keeps two streams of cache lines in flight. Short
   blocks and a compensated total keep the error at or below that of
   pairwise summation, which is what NumPy does. */
double sum_wide(const double *data, int64_t size)
{
    enum { LANES = 8, BLOCK = 128 };
    const int64_t half = size / 2 / BLOCK * BLOCK;
    const double *front = data, *back = data + half;
    double total = 0.0, lost = 0.0;

    for (int64_t block = 0; block < half; block += BLOCK) {
        double lane[2 * LANES] = {0.0};
        for (int64_t i = block; i < block + BLOCK; i += LANES)
            for (int k = 0; k < LANES; k++) {
                lane[k] += front[i + k];
                lane[LANES + k] += back[i + k];
            }
        for (int width = LANES; width > 0; width /= 2)
            for (int k = 0; k < width; k++)
                lane[k] += lane[width + k];
        add(&total, &lost, lane[0]);
    }
    for (int64_t i = 2 * half; i < size; i++)
        add(&total, &lost, data[i]);
    return isfinite(total) ? total + lost : total;
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
