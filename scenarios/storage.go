package scenarios

// storageLog tries what a cluster of one broker never does, truncation above
// all, and the rest of the storage more often than a cluster could.
func storageLog() Scenario {
	return Scenario{
		Name:    "storage-log",
		Why:     "a log that was cut must not get back what was cut off, however the process ends; one broker alone never cuts, so the storage is driven directly and compared with a model",
		Cluster: oneBroker,
		Storage: &Storage{Logs: Range{1, 5}, Operations: Range{10000, 14000}},
		Faults: []Fault{
			always(ProcessKill, 1, 4), always(PowerCut, 2, 6), always(CrashInCall, 2, 6), sometimes(50, Shutdown, 1, 2),
			sometimes(50, WriteError, 1, 2), sometimes(70, SyncError, 1, 3), sometimes(50, ShortWrite, 1, 2),
		},
		Needs: []Need{
			{Name: "batches became durable", Of: AckedRecords, AtLeast: 500},
			{Name: "the process ended and recovered", Of: Restarts, AtLeast: 3},
		},
	}
}
