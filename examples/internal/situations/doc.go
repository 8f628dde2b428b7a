// Package situations holds the one situation of users that needs an MCP SDK
// which the kit itself doesn't require. The others are in the kit's own
// internal/situations.
package situations
