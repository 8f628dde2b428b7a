// Package requirement holds what a protected MCP endpoint must do, as data.
//
// A [Row] is one requirement: what is sent, byte for byte, and what must come
// back, whole. [Rows] returns all of them with their ids, which are those of the
// kit's list of behaviours ("S5" and the like) and a word for the case. A row
// knows nothing of routers. A [Target] puts the endpoint into an app, a [Bench]
// runs rows against one target over real HTTP, and tells in words what differed.
//
// The package's own test runs every row over core alone and over each adapter,
// compares the answers of all targets byte for byte, and shows that every row
// can fail.
package requirement
