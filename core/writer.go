package core

import (
	"errors"
	"net/http"
)

// flushWriter is the ResponseWriter that the MCP handler gets. Beneath it may
// be middleware that buffers and can't flush; some writers panic when asked to,
// and from another goroutine that would end the process.
type flushWriter struct {
	http.ResponseWriter
	admission   *admission
	request     *http.Request
	wroteHeader bool
	until       *Principal // by whose token the answer ends, or nil
	origin      string     // of the page that is to read the answer, or ""
}

// WriteHeader notes the session that the answer opens or ends, and that the
// status is out. Informational ones stay here: they tell an MCP client nothing,
// and some routers would take one for the answer.
func (w *flushWriter) WriteHeader(status int) {
	if isInformational(status) {
		return
	}
	if !w.wroteHeader && status >= http.StatusOK {
		w.wroteHeader = true
		w.settle(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// isInformational reports whether a status announces another one (RFC 9110 §15.2).
func isInformational(status int) bool {
	return status >= http.StatusContinue && status < http.StatusOK && status != http.StatusSwitchingProtocols
}

// Write sends 200 with the first byte, as net/http says, also beneath a router
// that has already marked the response as not found. Once the token of a stream is
// over it fails, for handlers that look at no context.
func (w *flushWriter) Write(p []byte) (int, error) {
	if w.until != nil {
		if err := w.admission.rs.current(w.until); err != nil {
			return 0, err
		}
	}
	if !w.wroteHeader {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// returned notes the session of an answer that its handler has left to net/http,
// which sends 200 for it.
func (w *flushWriter) returned() {
	if !w.wroteHeader {
		w.settle(http.StatusOK)
	}
}

// settle sees to the header of the answer before it goes out. A proxy may have added
// to what says which page may read it, or have taken that away.
func (w *flushWriter) settle(status int) {
	h := w.Header()
	if allowed := h["Access-Control-Allow-Origin"]; w.origin != "" && (len(allowed) != 1 || allowed[0] != w.origin) {
		exposed := h["Access-Control-Expose-Headers"]
		allowOrigin(h, w.origin)
		if len(exposed) > 0 {
			h["Access-Control-Expose-Headers"] = exposed
		}
	}
	w.admission.rs.noteSession(w.request, w.admission.verified, status, h)
}

// Flush sends what is written, where that can be done.
func (w *flushWriter) Flush() { _ = w.FlushError() }

// FlushError sends what is written. It returns an error that is
// errors.ErrUnsupported where a writer beneath can't.
func (w *flushWriter) FlushError() (err error) {
	defer func() {
		if recover() != nil {
			err = errors.ErrUnsupported
		}
	}()
	if !w.wroteHeader {
		w.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController the writer beneath, for deadlines.
func (w *flushWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
