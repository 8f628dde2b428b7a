// Package guides holds what the pages under docs show in parts, so that the
// compiler reads it and tests run it. Each Go block of a page that isn't a file
// of its own is one or more whole declarations of this package, to the letter.
// A page that walks its reader through an app brings whole files: a test
// compiles those, and another one, behind the build tag interop, follows the
// whole walk in an empty folder.
package guides
