package apptest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// Stream is an answer of server-sent events, as far as it has come.
type Stream struct {
	site   *Site
	res    *http.Response
	reader *bufio.Reader
	cancel context.CancelFunc
}

// Open sends a request and returns once the head of its answer is there, which
// must be a stream of events.
func (s *Site) Open(r Request) *Stream {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	s.Cleanup(cancel)
	res := s.send(ctx, r)
	if kind := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || kind != "text/event-stream" {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 200))
		s.Fatalf("%s %s: got status %d of %q, want a stream; body %q", r.Method, r.Path, res.StatusCode, kind, body)
	}
	return &Stream{site: s, res: res, reader: bufio.NewReader(res.Body), cancel: cancel}
}

// HangUp ends the connection as a client does that is gone.
func (st *Stream) HangUp() { st.cancel() }

// Unzipped says that the stream came compressed.
func (st *Stream) Unzipped() bool { return st.res.Uncompressed }

// next returns the data of the next event, or the text of a comment. At the end
// of the stream it returns io.EOF.
func (st *Stream) next() (string, error) {
	var data strings.Builder
	for {
		line, err := st.reader.ReadString('\n')
		if err != nil {
			return "", err
		}
		switch line = strings.TrimSuffix(line, "\n"); {
		case line == "" && data.Len() > 0:
			return data.String(), nil
		case strings.HasPrefix(line, ":"):
			data.WriteString(line)
		case strings.HasPrefix(line, "data: "):
			data.WriteString(strings.TrimPrefix(line, "data: "))
		}
	}
}

// message is as much of a JSON-RPC message as the tests look at.
type message struct {
	Method string `json:"method"`
	ID     any    `json:"id"`
	Params struct {
		Message string `json:"message"`
	} `json:"params"`
	Result struct {
		Content []struct {
			Text string `json:"text"`
		} `json:"content"`
	} `json:"result"`
}

// Notification reads the next event, which must be a notification, and returns
// its message.
func (st *Stream) Notification() string {
	st.site.Helper()
	m := st.message("a notification")
	if m.Method != "notifications/progress" {
		st.site.Fatalf("got the event %+v, want a progress notification", m)
	}
	return m.Params.Message
}

// Result reads the next event, which must be the result of the call and the end
// of the stream, and returns its text.
func (st *Stream) Result() string {
	st.site.Helper()
	m := st.message("the result")
	if m.ID != 7.0 || len(m.Result.Content) != 1 {
		st.site.Fatalf("got the event %+v, want the result of request 7", m)
	}
	if data, err := st.next(); !errors.Is(err, io.EOF) {
		st.site.Fatalf("after the result: got %q, %v, want the end", data, err)
	}
	return m.Result.Content[0].Text
}

func (st *Stream) message(what string) message {
	st.site.Helper()
	data, err := st.next()
	if err != nil {
		st.site.Fatalf("waiting for %s: %v", what, err)
	}
	var m message
	if err := json.Unmarshal([]byte(data), &m); err != nil {
		st.site.Fatalf("waiting for %s: got %q: %v", what, data, err)
	}
	return m
}

// CallTool sends a call and returns the text of its result.
func (s *Site) CallTool(r Request) string {
	s.Helper()
	return s.Open(r).Result()
}

// CheckStepwise checks that the events of a call arrive one by one: the first
// while the tool still waits.
func (s *Site) CheckStepwise(path, token string) *Stream {
	s.Helper()
	st := s.Open(Call(path, token, Steps))
	if got := st.Notification(); got != "first step" {
		s.Errorf("the first event: got %q", got)
	}
	s.Tools.Finish <- struct{}{} // only now may the tool end
	if got := st.Result(); got != "all steps" {
		s.Errorf("the result: got %q", got)
	}
	return st
}

// CheckBuffered checks that all events of a call arrive in the end, where what
// is around the endpoint holds them back.
func (s *Site) CheckBuffered(path, token string) *Stream {
	s.Helper()
	s.Tools.Finish <- struct{}{}
	st := s.Open(Call(path, token, Steps))
	if got := st.Notification(); got != "first step" {
		s.Errorf("the first event: got %q", got)
	}
	if got := st.Result(); got != "all steps" {
		s.Errorf("the result: got %q", got)
	}
	return st
}

// CheckCanceled checks that the tool's context ends when the client is gone.
func (s *Site) CheckCanceled(path, token string) {
	s.Helper()
	st := s.Open(Call(path, token, Steps))
	st.Notification()
	st.HangUp()
	s.Await("the tool's context to end with the connection", s.Tools.Canceled)
}
