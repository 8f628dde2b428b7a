// Package gate holds no code but its tests: one table of hostile and honest
// requests, sent over TCP to every adapter in front of every MCP SDK, with a log
// of the tools, prompts, resources and completions that really ran.
package gate
