package tokencache_test

import (
	"fmt"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/tokencache"
)

func Example() {
	now := time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC)
	subjects := tokencache.New[string](1000)

	_, place, ok := subjects.Get("some token", now)
	fmt.Println(ok)
	// Here the token is verified, which takes a while. Then:
	place.Put("alice", now.Add(10*time.Minute), now)

	subject, _, ok := subjects.Get("some token", now.Add(time.Minute))
	fmt.Println(subject, ok)

	subjects.Forget(func(subject string) bool { return subject == "alice" })
	_, _, ok = subjects.Get("some token", now.Add(time.Minute))
	fmt.Println(ok)
	// Output:
	// false
	// alice true
	// false
}
