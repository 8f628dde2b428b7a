// Package conform holds no code but its tests: what authtest.Conform says of a
// server of the kit, and of two that are guarded as many are. From it comes
// docs/conformance.md.
package conform
