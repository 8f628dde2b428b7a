// Package rpcscan reads of one JSON-RPC message what a gate must know to decide
// whether it may run, and refuses every message that two decoders would read
// differently.
//
// The MCP SDKs disagree about the same bytes: one takes the last of two equal
// keys, the other merges them; one compares keys byte by byte, the other folds
// their case, as far as U+017F and U+212A; one ignores what follows the first
// document. A gate that reads like either of them is open in front of the
// other. Scan therefore accepts only messages that leave no choice: one object
// in valid UTF-8 whose keys, where a decision is read from them, are unique and
// spelled exactly.
//
// Scan is one pass over the text without recursion, and allocates only to
// decode a name that is written with escapes. It looks at keys in the envelope,
// in params and, for the two methods that name their objects deeper, in
// params.ref and params.notifications. All else is checked against the grammar
// of RFC 8259 and skipped.
package rpcscan
