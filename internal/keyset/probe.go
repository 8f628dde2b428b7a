package keyset

import (
	"context"
	"fmt"
)

// Probe fetches the set once, apart from the worker, and returns why it could
// not be used. What is held stays as it is.
func (s *Set) Probe(ctx context.Context) error {
	from, err := s.locate(ctx)
	if err != nil {
		return fmt.Errorf("finding the key set: %w", err)
	}
	response, err := s.options.Getter.Get(ctx, from)
	if err != nil {
		return fmt.Errorf("fetching the key set: %w", err)
	}
	if _, _, err := parse(response.Body); err != nil {
		return fmt.Errorf("reading the key set of %s: %w", from, err)
	}
	return nil
}
