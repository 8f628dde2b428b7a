// Package situations holds what users of the kit really have in front of them,
// each as the part of a program that they would write and a test that runs it:
// session cookies, prefixes that a proxy strips, tenants, API keys, and
// authorization servers that go their own way.
//
// Each situation is one file, named after it. The one that needs another MCP
// SDK is in the examples module.
package situations
