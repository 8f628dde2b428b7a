package core_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFilteredStreamsKeepTheirEvents: S45 and S52, what is no list reaches the client
// as it was sent. Data may stand in several lines, and a server begins a stream that
// can be taken up again with an event of no data (MCP 2025-11-25 transports).
func TestFilteredStreamsKeepTheirEvents(t *testing.T) {
	for about, c := range map[string]struct {
		event string
		data  []string
	}{
		"data in several lines": {
			"data: {\"jsonrpc\":\"2.0\",\ndata:   \"method\":\"notifications/message\"\ndata:}\n\n",
			[]string{`{"jsonrpc":"2.0",`, `  "method":"notifications/message"`, `}`},
		},
		"an event of no data": {"id: 1\ndata:\n\n", []string{""}},
		"a field of no value": {"id: 1\ndata\n\n", []string{""}},
		"no field of data":    {"id: 1\nretry: 5\n\n", nil},
	} {
		got := listGate(t, "text/event-stream", c.event).post("base", request("tools/list", "{}")).Body.String()
		var data []string
		for line := range strings.SplitSeq(got, "\n") {
			if rest, is := strings.CutPrefix(line, "data"); is {
				data = append(data, strings.TrimPrefix(strings.TrimPrefix(rest, ":"), " "))
			}
		}
		if !slices.Equal(data, c.data) || !strings.HasSuffix(got, "\n\n") {
			t.Errorf("%s: %q became %q", about, c.event, got)
		}
	}
}

// TestListsInSeveralLinesAreFiltered: S45, data of several lines is one text.
func TestListsInSeveralLinesAreFiltered(t *testing.T) {
	event := "data: " + strings.ReplaceAll(threeTools, `,"result"`, ",\ndata: \"result\"") + "\n\n"
	body := listGate(t, "text/event-stream", event).post("base", request("tools/list", "{}")).Body.String()
	if names, _ := listed(t, strings.TrimPrefix(body, "data: "), "tools", "name"); strings.Join(names, " ") != "get_weather read" {
		t.Errorf("%q became %q", event, body)
	}
}

// TestG12LongEventsAreReadOnce: an event that comes in many pieces is not looked
// through again with each of them. That would take minutes here.
func TestG12LongEventsAreReadOnce(t *testing.T) {
	const pieces = 16 << 10
	for about, end := range map[string]string{"one line": "", "many lines": "\ndata:"} {
		piece := strings.Repeat(" ", 256) + end
		g := &gate{handler: listHandler(t, func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data:")
			for range pieces {
				if _, err := io.WriteString(w, piece); err != nil {
					t.Error(err)
				}
			}
			fmt.Fprint(w, threeTools+"\n\n")
		})}
		body := g.post("base", request("tools/list", "{}")).Body.String()
		if names, _ := listed(t, strings.TrimPrefix(body, "data: "), "tools", "name"); strings.Join(names, " ") != "get_weather read" {
			t.Errorf("%s: not filtered", about)
		}
	}
}

// TestPartsOfListsAreNotAskedFor: S45, a part of a stream that begins within an event
// would show what stands there as a line of no known field.
func TestPartsOfListsAreNotAskedFor(t *testing.T) {
	stream := "data: " + threeTools + "\n\n"
	s := httptest.NewServer(listsBefore(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(stream))
	}))
	defer s.Close()
	status, _, body := exchange(t, s.URL, request("tools/list", "{}"), func(r *http.Request) { r.Header.Set("Range", "bytes=6-") })
	if status != http.StatusOK || strings.Contains(body, "purge") || !strings.Contains(body, "get_weather") {
		t.Errorf("status %d: %s", status, body)
	}
}
