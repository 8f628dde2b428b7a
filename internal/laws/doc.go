// Package laws holds the laws of the house as tests: how thin an adapter is, how
// small the public face, who may reach whom, what a user of one router has to
// carry, and which words the project speaks.
//
// The import laws stand in .golangci.yml too, where they tell the line; here
// they are checked through everything that is imported in turn.
package laws
