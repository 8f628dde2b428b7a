// Package caller is what core tells the bridges to MCP SDKs about a request that
// it has let in, beyond what its public face offers: without copying, and with
// the operation that the gate has checked.
package caller

import (
	"context"
	"time"
)

// Caller is the request's caller and what it was let in for.
type Caller interface {
	// Owner names whom sessions belong to, or is "" for an anonymous caller.
	Owner() string
	// Scopes are the granted scopes. The slice is shared: copy it.
	Scopes() []string
	// Expiry is when the token ends, or zero if it doesn't.
	Expiry() time.Time
	// Operation is the method and the subject of the message that was checked,
	// both empty where no policy needed it read.
	Operation() (method, name string)
}

// Key is the context key under which core keeps the Caller.
type Key struct{}

// From returns the caller, or nil where no resource server let the request in.
func From(ctx context.Context) Caller {
	c, _ := ctx.Value(Key{}).(Caller)
	return c
}
