/* The same program over maps that outlive the process. */
#define KEPT
#include "userplane.bpf.c"
