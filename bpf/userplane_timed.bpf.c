/* The same program with a clock that a test sets. */
#define TIMED
#include "userplane.bpf.c"
