// Package difffuzz holds the gate's reading of a message against what the MCP
// SDKs really run.
//
// Its tests post a body to the HTTP handlers of go-sdk and mcp-go in process,
// at every protocol version, with handlers that record what they are asked for.
// For every body one of two things must hold: the gate refuses it, or nothing
// ran that the gate did not say. It is a module of its own, so that the SDKs
// stay out of the kit's requirements.
//
// Run the fuzz tests with
//
//	go test -C internal/difffuzz -fuzz FuzzBodies -fuzztime 30m
//	go test -C internal/difffuzz -fuzz FuzzSpellings -fuzztime 30m
package difffuzz
