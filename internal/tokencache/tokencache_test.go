package tokencache_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/tokencache"
)

func start() time.Time { return time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC) }

// put keeps a value as one who verifies does.
func put[V any](c *tokencache.Cache[V], token string, value V, until, now time.Time) {
	_, place, _ := c.Get(token, now)
	place.Put(value, until, now)
}

func holds[V any](c *tokencache.Cache[V], token string, now time.Time) bool {
	_, _, ok := c.Get(token, now)
	return ok
}

func TestS34AnEntryEndsAtItsTime(t *testing.T) {
	c, now := tokencache.New[int](10), start()
	put(c, "token", 1, now.Add(time.Second), now)
	if !holds(c, "token", now.Add(time.Second-1)) {
		t.Error("it is gone before its end")
	}
	if holds(c, "token", now.Add(time.Second)) {
		t.Error("it is there at its end")
	}
	put(c, "late", 1, now, now)
	if c.Len() != 1 {
		t.Error("a value that has ended was kept")
	}
}

func TestS34ALaterValueTakesThePlace(t *testing.T) {
	c, now := tokencache.New[int](10), start()
	put(c, "token", 1, now.Add(time.Second), now)
	put(c, "token", 2, now.Add(time.Hour), now)
	if got, _, _ := c.Get("token", now.Add(time.Minute)); got != 2 || c.Len() != 1 {
		t.Errorf("got %d in a cache of %d, want 2 of 1", got, c.Len())
	}
}

func TestS34TheBoundHolds(t *testing.T) {
	for _, most := range []int{1, 2, 63, 64, 200, 1000, 5000} {
		c, now := tokencache.New[int](most), start()
		for i := range 3*most + 1000 {
			put(c, strconv.Itoa(i), i, now.Add(time.Hour), now)
		}
		if got := c.Len(); got > most || got < most*9/10 {
			t.Errorf("of a bound of %d, %d are held", most, got)
		}
	}
}

func TestS34NothingIsDrivenOutWhileThereIsRoom(t *testing.T) {
	const most = 100 // of one shard
	c, now := tokencache.New[int](most), start()
	for i := range most {
		put(c, strconv.Itoa(i), i, now.Add(time.Hour), now)
	}
	c.Forget(func(v int) bool { return v%2 == 0 })
	for i := range most / 2 {
		put(c, strconv.Itoa(most+i), most+i, now.Add(time.Hour), now)
	}
	for i := range most / 2 {
		if !holds(c, strconv.Itoa(2*i+1), now) || !holds(c, strconv.Itoa(most+i), now) {
			t.Errorf("token %d or %d is gone", 2*i+1, most+i)
		}
	}
}

func TestS34NoneIsKeptWhereNoneIsAllowed(t *testing.T) {
	for _, c := range []*tokencache.Cache[int]{tokencache.New[int](0), tokencache.New[int](-1)} {
		put(c, "token", 1, start().Add(time.Hour), start())
		c.ForgetToken("token")
		c.Forget(func(int) bool { return true })
		if holds(c, "token", start()) || c.Len() != 0 {
			t.Error("a value was kept")
		}
	}
}

func TestS34TokensUsedOnceDoNotDriveOutOneInUse(t *testing.T) {
	const most = 1000
	c, now := tokencache.New[int](most), start()
	put(c, "in use", 1, now.Add(time.Hour), now)
	for i := range 20 * most {
		put(c, strconv.Itoa(i), i, now.Add(time.Hour), now)
		// One in fifty requests is the good one's; a shard turns over in more.
		if i%50 == 0 && !holds(c, "in use", now) {
			t.Fatalf("driven out after %d others", i)
		}
	}
}

func TestS34WhatHasEndedMakesRoomBeforeTheCacheGrows(t *testing.T) {
	const alive = 500
	c, now := tokencache.New[int](100*alive), start()
	for i := range 50 * alive {
		now = now.Add(time.Second)
		put(c, strconv.Itoa(i), i, now.Add(alive*time.Second), now)
	}
	if got := c.Len(); got > 3*alive {
		t.Errorf("%d are held where %d are alive", got, alive)
	}
}

func TestS34ForgettingByValueAndByToken(t *testing.T) {
	c, now := tokencache.New[string](1000), start()
	for i := range 300 {
		put(c, strconv.Itoa(i), []string{"alice", "bob", "carol"}[i%3], now.Add(time.Hour), now)
	}
	c.Forget(func(subject string) bool { return subject == "bob" })
	c.ForgetToken("0")
	c.ForgetToken("unknown")
	for i := range 300 {
		if got, want := holds(c, strconv.Itoa(i), now), i%3 != 1 && i != 0; got != want {
			t.Errorf("token %d is held: %v, want %v", i, got, want)
		}
	}
	if c.Len() != 199 {
		t.Errorf("%d are held, want 199", c.Len())
	}
}

func TestS34WhatIsForgottenMeanwhileIsNotPutBack(t *testing.T) {
	for name, forget := range map[string]func(*tokencache.Cache[int]){
		"by value": func(c *tokencache.Cache[int]) { c.Forget(func(int) bool { return true }) },
		"by token": func(c *tokencache.Cache[int]) { c.ForgetToken("token") },
	} {
		t.Run(name, func(t *testing.T) {
			c, now := tokencache.New[int](10), start()
			_, place, _ := c.Get("token", now)
			forget(c)
			place.Put(1, now.Add(time.Hour), now)
			if holds(c, "token", now) {
				t.Error("what was found out before the forgetting was kept after it")
			}
			put(c, "token", 1, now.Add(time.Hour), now)
			if !holds(c, "token", now) {
				t.Error("what was found out after the forgetting was not kept")
			}
		})
	}
}

func TestS34ForgettingMayUseTheCache(t *testing.T) {
	c, now := tokencache.New[int](10), start()
	put(c, "a", 1, now.Add(time.Hour), now)
	put(c, "b", 2, now.Add(time.Hour), now)
	c.Forget(func(v int) bool {
		c.ForgetToken("a")
		return v == 2
	})
	if c.Len() != 0 {
		t.Errorf("%d are held, want none", c.Len())
	}
}

// TestS34ForgettingHoldsAmongWriters has many goroutines find out the same few
// tokens, while what they find out is declared void again and again. Whoever
// looks after a value was forgotten never gets it.
func TestS34ForgettingHoldsAmongWriters(t *testing.T) {
	const rounds = 2000
	c, now := tokencache.New[int64](100), start()
	var valid, forgotten atomic.Int64
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := worker; forgotten.Load() < rounds; i++ {
				void := forgotten.Load()
				got, place, ok := c.Get(strconv.Itoa(i%5), now)
				if !ok {
					place.Put(valid.Load(), now.Add(time.Hour), now)
				} else if got < void {
					t.Errorf("got %d when all before %d was forgotten", got, void)
					return
				}
			}
		})
	}
	for i := int64(1); i <= rounds; i++ {
		valid.Store(i)
		c.Forget(func(v int64) bool { return v < i })
		forgotten.Store(i)
	}
	all.Wait()
}

func TestGettingDoesNotAllocate(t *testing.T) {
	c, now := tokencache.New[*int](1000), start()
	token := string(make([]byte, 900))
	put(c, token, new(int), now.Add(time.Hour), now)
	if n := testing.AllocsPerRun(100, func() {
		if !holds(c, token, now) || holds(c, "another", now) {
			t.Error("not what was put")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// FuzzCache runs the steps that the input spells, on a cache and on a map.
func FuzzCache(f *testing.F) {
	f.Add([]byte{3, 0, 1, 9, 1, 1, 0, 2, 5, 0, 3, 1, 0, 4, 1, 0})
	f.Add([]byte{200, 0, 1, 1, 0, 2, 1, 0, 3, 1, 5, 2, 0, 1, 1, 0, 1, 2, 0})
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) == 0 {
			return
		}
		most := int(steps[0]) % 8
		m := model{most: most, cache: tokencache.New[int](most), held: make(map[string]kept), now: start()}
		for steps = steps[1:]; len(steps) >= 3; steps = steps[3:] {
			m.step(t, steps[0], steps[1], steps[2])
		}
	})
}

func TestModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for most := range 100 {
		m := model{most: most, cache: tokencache.New[int](most), held: make(map[string]kept), now: start()}
		for range 2000 {
			m.step(t, byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()))
		}
	}
}

type kept struct {
	value int
	until time.Time
}

// model is the cache beside a map that forgets nothing by itself. What the map
// lacks the cache must lack, and what the cache has must be what the map has.
type model struct {
	most  int
	cache *tokencache.Cache[int]
	held  map[string]kept
	now   time.Time
}

func (m *model) step(t *testing.T, what, token, number byte) {
	t.Helper()
	name := fmt.Sprint(token)
	value, place, ok := m.cache.Get(name, m.now)
	want, known := m.held[name]
	switch {
	case ok && (!known || want.value != value || !m.now.Before(want.until)):
		t.Fatalf("token %s: got %d, want %+v (known: %v)", name, value, want, known)
	case !ok && known && m.now.Before(want.until):
		delete(m.held, name) // driven out
	}
	switch what % 5 {
	case 0, 1:
		until := m.now.Add(time.Duration(number) * time.Second)
		place.Put(int(number), until, m.now)
		if m.most > 0 && m.now.Before(until) {
			m.held[name] = kept{int(number), until}
			if !holds(m.cache, name, m.now) {
				t.Fatalf("token %s is not there after Put", name)
			}
		}
	case 2:
		m.now = m.now.Add(time.Duration(number) * time.Second / 8)
	case 3:
		m.cache.ForgetToken(name)
		delete(m.held, name)
	case 4:
		m.cache.Forget(func(v int) bool { return v == int(number) })
		for k, v := range m.held {
			if v.value == int(number) {
				delete(m.held, k)
			}
		}
	}
	if n := m.cache.Len(); n > m.most {
		t.Fatalf("%d entries, at most %d", n, m.most)
	}
}
