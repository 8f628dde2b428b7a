package devissuer

import (
	"net/http"
)

// serveRevoke answers RFC 7009 §2. An access token ends alone; a refresh token
// ends everything that its grant has issued. A JWT stays good for those who
// don't introspect, until it expires.
func (s *Server) serveRevoke(w http.ResponseWriter, r *http.Request) {
	if err := s.revoke(w, r); err != nil {
		writeRefusal(w, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(r, form)
	if err != nil {
		return err
	}
	if form.Get("token") == "" {
		return refuse(invalidRequest, "token is missing")
	}
	key := digestOf(form.Get("token"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.store.refresh.get(key); ok {
		return end(&t.grant.revoked, t.grant, c)
	}
	if t, ok := s.store.access.get(key); ok {
		return end(&t.revoked, t.grant, c)
	}
	return nil // An unknown token is as good as revoked (RFC 7009 §2.2).
}

// end sets revoked, if the token belongs to the client that asks.
func end(revoked *bool, g *grant, c *client) error {
	if g.client.id != c.id {
		return refuse(unauthorizedClient, "the token was issued to another client")
	}
	*revoked = true
	return nil
}
