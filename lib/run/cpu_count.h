/* The number of CPUs that this process may keep busy. */
#ifndef BCC_RUN_CPU_COUNT_H
#define BCC_RUN_CPU_COUNT_H

/* At least 1: the CPUs of the affinity mask, or fewer if a control group's
 * quota is less. */
unsigned cpu_count(void);

/* The CPUs that a quota leaves of n: text is a cpu.max file ("200000 100000",
 * "max 100000"). A part of a CPU counts as one. */
unsigned cpu_count_of_quota(const char *text, unsigned n);

#endif
