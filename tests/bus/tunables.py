# SPDX-License-Identifier: GPL-2.0-only
"""The tunables as the bus tests expect them: the one list of them in this folder."""

# property: signature, default, another good value, a value out of range (None: every value of the
# type is in range), each as busctl takes and prints it
TUNABLES = {
    "SliceUnderutilUSec": ("t", "20000", "5000", "99"),
    "SliceOverutilUSec": ("t", "1000", "2000", "1000001"),
    "BalanceIntervalUSec": ("t", "2000000", "3000000", "60000001"),
    "TuneIntervalUSec": ("t", "100000", "200000", "9999"),
    "LoadHalfLifeUSec": ("t", "1000000", "500000", "18446744073709551615"),
    "GreedyThreshold": ("u", "1", "4", "1025"),
    "GreedyThresholdXNuma": ("u", "0", "2", "1025"),
    "LoadBalance": ("b", "true", "false", None),
    "KthreadsLocal": ("b", "false", "true", None),
    "BalancedKworkers": ("b", "false", "true", None),
    "FifoSched": ("b", "false", "true", None),
    "WakeupPreemption": ("b", "false", "true", None),
    "DirectGreedyUnderPercent": ("d", "90", "12.5", "100.1"),
    "KickGreedyUnderPercent": ("d", "100", "50", "-1"),
    "DirectGreedyNuma": ("b", "false", "true", None),
    "MempolicyAffinity": ("b", "false", "true", None),
    "PerfLevel": ("u", "0", "1024", "4294967295"),
    "CacheLevel": ("u", "3", "2", "5"),
    "Cpumasks": ("as", "0", '2 "0-3" "4-7"', '1 "0,99"'),
    "Partial": ("b", "false", "true", None),
    "ExitDumpLen": ("u", "0", "65536", "1048577"),
}
REATTACH = {"CacheLevel", "Cpumasks", "Partial", "ExitDumpLen"}

# property: field of the arena's configuration and its value for the good value above
IN_ARENA = {
    "SliceUnderutilUSec": ("slice_underutil_ns", 5000000),
    "SliceOverutilUSec": ("slice_overutil_ns", 2000000),
    "GreedyThreshold": ("greedy_threshold", 4),
    "GreedyThresholdXNuma": ("greedy_threshold_x_numa", 2),
    "KthreadsLocal": ("kthreads_local", 1),
    "FifoSched": ("fifo_sched", 1),
    "WakeupPreemption": ("wakeup_preemption", 1),
    "DirectGreedyNuma": ("direct_greedy_numa", 1),
    "MempolicyAffinity": ("mempolicy_affinity", 1),
    "PerfLevel": ("perf_level", 1024),
}
