/* The allocator that makes misuse of array data an immediate SIGSEGV. */

#ifndef GIL_DEMO_GUARD_H
#define GIL_DEMO_GUARD_H

/* Gives guarded data to the arrays that this thread allocates from now on: NumPy
   keeps its allocator in the context, so each thread that allocates arrays must call
   this. Call it with the GIL held and NumPy's table filled. Returns 0, or -1 with an
   exception set. */
int guard_install(void);

#endif
