#ifndef GIL_DEMO_GUARD_FACTS_H
#define GIL_DEMO_GUARD_FACTS_H

#include "guard.h"

/* Where reports go, and who tells them. Call it with the GIL, before the first. */
struct facts_to {
    char directory[512]; /* "": memory of the dying process */
    char label[512];     /* put into each report: a test's name, say */
    char *teller[5];     /* a command; the report's path and its offset are added; [0] NULL: nobody */
    int errors;          /* where the teller writes: the standard error of the beginning */
};

extern struct facts_to facts_to;

/* Once these are known, and before the first report: it allocates. */
bool facts_prepare(void);

/* A report. False if this thread is in the middle of one already; where another
   thread is, waits for it. */
bool facts_begin(void);
void facts_end(void);   /* and has it told */

/* Facts that belong to no report, into a file of their own. */
bool facts_note_begin(int file);
void facts_note_end(void);

/* One fact: a JSON object on a line of its own, written when it is complete. */
void fact_begin(const char *name);
void fact_end(void);

void fact_number(const char *key, int64_t value);
void fact_text(const char *key, const char *value);   /* NULL becomes null */
void fact_true(const char *key);
void fact_list(const char *key);  /* of numbers, texts, lists, objects; NULL: in a list */
void fact_list_end(void);
void fact_object(const char *key);
void fact_object_end(void);
void fact_string(const char *key, PyObject *text); /* a str, read without any call */

/* Forgets the reports of the parent process, after fork(). */
void facts_forked(void);

#endif
