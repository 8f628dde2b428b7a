package devissuer

import "net/http"

// serveIntrospect answers RFC 7662 §2. Only access tokens are ever active: a
// resource server that asks about a refresh token must not take it for one.
func (s *Server) serveIntrospect(w http.ResponseWriter, r *http.Request) {
	answer, err := s.introspect(w, r)
	if err != nil {
		writeRefusal(w, err)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (s *Server) introspect(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	form, err := readForm(w, r)
	if err != nil {
		return nil, err
	}
	if _, err := s.authenticateConfidential(r, form); err != nil {
		return nil, err
	}
	if form.Get("token") == "" {
		return nil, refuse(invalidRequest, "token is missing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.store.access.get(digestOf(form.Get("token")))
	if !ok || t.revoked || t.grant.revoked || !s.config.Now().Before(t.expires) {
		return map[string]any{"active": false}, nil
	}
	answer := s.claims(t)
	answer["active"] = true
	answer["token_type"] = "Bearer"
	answer["username"] = t.grant.subject
	return answer, nil
}
