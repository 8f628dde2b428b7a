package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/mcpbearer/mcpbearer/internal/strictjson"
)

// answers carries token requests. x/oauth2 gives up on an answer whose expires_in
// is no whole number, or whose JSON is called text/plain, and by then the code or
// the refresh token is spent: the user would have to come back, every time. So it
// gets to see what such an answer means.
type answers struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		resp.Header.Set("Content-Type", "application/json")
		if resp.StatusCode/100 == 2 {
			if body, err = plainly(body); err != nil {
				return nil, err
			}
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// plainly returns the answer with expires_in as a whole number, or without it
// where it is no number. The error repeats nothing of the answer.
func plainly(answer []byte) ([]byte, error) {
	members, err := strictjson.Object(answer)
	if err != nil {
		return nil, errors.New("the answer is not one JSON object that reads one way")
	}
	plain := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		plain[m.Name] = m.Value
	}
	if written, ok := plain["expires_in"]; ok {
		delete(plain, "expires_in")
		if n := parseNumber(string(written)); n > 0 {
			plain["expires_in"] = fmt.Appendf(nil, "%.0f", max(1, min(float64(n), longest.Seconds())))
		}
	}
	return json.Marshal(plain)
}

// number is a number of seconds in an answer. Servers write it whole or with a
// fraction, of any size, or as a string. What is no number is 0 and says nothing:
// it is no reason to do without what has just been granted.
type number float64

// lastSecond is that of the year 9999, the last which JSON can tell as a time.
const lastSecond number = 253402300799

func parseNumber(text string) number {
	n, err := strconv.ParseFloat(strings.Trim(text, `"`), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || n != n {
		return 0
	}
	return number(n)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (n *number) UnmarshalJSON(text []byte) error {
	*n = parseNumber(string(text))
	return nil
}
