package requirement

import (
	"net/http"
	"slices"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
	"github.com/mcpbearer/mcpbearer/core/authtest"
	"github.com/mcpbearer/mcpbearer/internal/cases"
)

// Row is one requirement. Unless its Config says otherwise, the endpoint that it
// is about is the resource [Resource] with the scopes "a" and "b", and trusts
// one issuer.
type Row struct {
	// ID names the row, such as "S5/two-headers".
	ID string
	// Clause is where the requirement comes from, such as "RFC 6750 §2.1".
	Clause string
	// About says in one sentence what must hold.
	About string

	// Config changes the resource that the row is about.
	Config func(*World, *core.Config)
	// More are further resources in the same app. Each is a change of the
	// configuration that every row begins with.
	More []func(*World, *core.Config)
	// Before runs before the resource servers are made.
	Before func(*World)
	// Unready rows don't wait until the keys are there.
	Unready bool
	// Guarded rows have middleware in the app that refuses every request.
	Guarded bool
	// MetadataOnly rows have no endpoint.
	MetadataOnly bool
	// MCP replaces the handler behind the gate.
	MCP func(*World) http.Handler
	// SDK, if not empty, puts a real MCP server behind the gate, [Stateless] or
	// [Stateful].
	SDK string

	// Refused are the fields of all the mistakes that core.New must find. Such
	// a row has no steps.
	Refused []string
	// Unmounted rows want the router to refuse the resources. It says what the
	// error must contain. Such a row has no steps, and is not for targets
	// without a router.
	Unmounted string
	// Fetches are the paths that the authorization server must have been asked
	// for, in this order, before the first step. Nil means its metadata and its
	// key set; Unready rows aren't checked.
	Fetches []string
	// Steps are the requests, in order.
	Steps []Step
	// Run replaces Steps where requests overlap. It returns what differed.
	Run func(*World) []string
}

// The kinds of MCP server that a row may want behind the gate.
const (
	Stateless = "stateless"
	Stateful  = "stateful"
)

// Step is one request and its answer.
type Step struct {
	// Before runs before the request is sent.
	Before  func(*World)
	Request Request
	Want    Want
}

// Request is what is sent. In Path, Header, Authorization and Body, "{issuer}"
// stands for the issuer, "{token}" for the token.
type Request struct {
	// Method defaults to POST.
	Method string
	// Path is path and query. It defaults to the endpoint's.
	Path string
	// Host is the Host header field where it isn't the server's address.
	Host string
	// Header replaces the fields that a client of the MCP transport sends.
	Header http.Header
	// Token is minted by the authorization server and sent as a bearer token.
	Token *authtest.Token
	// Mint makes the token where data can't say it.
	Mint func(*World) string
	// Authorization are the values of that field, one field each, where it isn't
	// one "Bearer {token}".
	Authorization []string
	// Body defaults to a call of the tool get_weather, for POST, and to nothing
	// otherwise.
	Body string
	// Direct hands the request to the handler without a connection: net/http
	// refuses its bytes before any handler sees them.
	Direct bool
}

// Want is the answer. Its strings may hold "{issuer}".
type Want struct {
	// Status is the HTTP status.
	Status int
	// Challenge is the whole WWW-Authenticate field, empty for none.
	Challenge string
	// Header are other fields with their whole values; an empty value is for a
	// field that must not be there.
	Header map[string]string
	// Body is the whole body, or [AnyBody].
	Body string

	// Handler says that the wrapped handler runs.
	Handler bool
	// Verifier says that the verifier is asked, once, about the token.
	Verifier bool
	// Fetches is how many requests the authorization server gets. A negative
	// number is for any.
	Fetches int
	// Reason is the reason code of the one event and the one log line.
	Reason string
	// Observed is the reason code for which the request would be denied, were the
	// rule enforced.
	Observed string
	// Outer is how many outer checks of a nested route let the request in before
	// the decision that Reason is about; each is a decision of its own.
	Outer int
	// Silent says that no decision is made, so no event is told.
	Silent bool
}

// AnyBody stands for a body, and header fields, that are the router's own.
const AnyBody = "{any}"

// What every row begins with.
const (
	// Resource is the resource identifier.
	Resource = "https://mcp.example/mcp"
	// MetadataURL is where its metadata is.
	MetadataURL = "https://mcp.example" + metadataPath

	metadataPath = "/.well-known/oauth-protected-resource/mcp"
	endpointPath = "/mcp"
	message      = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get_weather","arguments":{}}}`
)

// Epoch is the time that the clock shows when a row begins.
func Epoch() time.Time { return time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC) }

// Rows returns all requirements, in the order of their ids. The rows are new
// each time.
func Rows() []Row {
	rows := slices.Concat(
		credentialRows(), malformedRows(), badTokenRows(), timeRows(),
		scopeRows(), scopeClaimRows(), spellingRows(), tokenRows(), outageRows(), bodyRows(), messageRows(), hostileRows(), hostileConfigRows(),
		audienceConfigRows(), slashRows(), issuerRows(), kindRows(), algorithmRows(), principalRows(),
		startRows(), keyRows(), keyFetchRows(), discoveryRows(),
		metadataRows(), metadataPlaceRows(), metadataMemberRows(), resourceRows(),
		audiencePolicyRows(), tenantRows(), scopeSpellingRows(), introspectionRows(), answerRows(),
		identityRows(), originRows(), fittingRows(), lastingRows(), pathRows(), routeRows(), eventRows(),
	)
	slices.SortFunc(rows, func(a, b Row) int { return cases.CompareIDs(a.ID, b.ID) })
	return rows
}
