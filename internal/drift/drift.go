// Package drift compares what a run found with what people were last told, and
// groups what changed into alerts. It is pure: no I/O, and the time comes as a
// value.
package drift
