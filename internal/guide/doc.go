// Package guide holds the Go code that the guides in docs show, so that the
// compiler has read it and tests have run it.
package guide
