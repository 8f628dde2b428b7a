package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// overlong is P9: a token of 800 KB.
func overlong(ctx context.Context, a *authority, s scale, t *table) error {
	_, list, err := everything(ctx, a)
	if err != nil {
		return err
	}
	token := a.token(func(_, claims map[string]any) { claims["padding"] = strings.Repeat("x", 600_000) })
	var subjects []subject
	var own string
	memory := make(map[string]int64)
	for _, x := range list {
		if x.name == bare || x.name == endpoint || x.router != "net/http" && x.name != "echo-jwt + keyfunc" && x.name != "gin + keyfunc by hand" {
			continue
		}
		v, err := newVisit(ctx, x.handler, token)
		if err != nil {
			return err
		}
		if x.name == ours {
			own = x.key()
			if status := v.send(); status != http.StatusBadRequest {
				return fmt.Errorf("%s answers a token of %d bytes %d", x.name, len(token), status)
			}
		}
		subjects = append(subjects, subject{name: x.key(), work: func() { v.send() }})
		memory[x.key()] = testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				v.send()
			}
		}).AllocedBytesPerOp()
	}
	r := compare(scale{rounds: max(3, s.rounds/5), batch: s.batch}, subjects)
	t.atMost("P9", fmt.Sprintf("memory for a token of %d KB", len(token)/1000), 8<<10, float64(memory[own]), " bytes", "in all, whatever the length")
	for _, x := range subjects {
		if x.name != own {
			t.atLeast("P9", "refusing it, beside "+x.name, 1000, r.ratio(x.name, "", own, ""), " × cheaper",
				fmt.Sprintf("%.1f µs and %.1f ms, %d KB", r.time(own)/1e3, r.time(x.name)/1e6, memory[x.name]/1000))
		}
	}
	return nil
}

// weight is P10: what is kept.
func weight(ctx context.Context, a *authority, s scale, t *table) error {
	rs, err := resourceServer(ctx, a)
	if err != nil {
		return err
	}
	v, err := newVisit(ctx, rs.Handler(http.HandlerFunc(done)), a.token())
	if err != nil {
		return err
	}
	v.send()
	entries := min(2000, s.invalid)
	tokens := make([][]string, entries)
	for i := range tokens {
		tokens[i] = []string{"Bearer " + a.token()}
	}
	before := heap()
	for _, bearer := range tokens {
		v.bearer = bearer
		if status := v.send(); status != http.StatusOK {
			return fmt.Errorf("a good token is answered %d", status)
		}
	}
	t.atMost("P10", "memory of a kept verdict", 800, float64(heap()-before)/float64(entries), " bytes",
		fmt.Sprintf("%d tokens of %d bytes", entries, len(tokens[0][0])-len("Bearer ")))
	runtime.KeepAlive(tokens)

	before = heap()
	good := tokens[0][0]
	end := strings.LastIndexByte(good, '.') + 1
	spoiled := make([]string, 1)
	for i := range s.invalid {
		// A tenth has a signature that must be looked at.
		if spoiled[0] = fmt.Sprintf("Bearer no-token-%d", i); i%10 == 0 {
			spoiled[0] = fmt.Sprintf("%s%08d%s", good[:end], i, good[end+8:])
		}
		v.bearer = spoiled
		if status := v.send(); status != http.StatusUnauthorized {
			return fmt.Errorf("an invalid token is answered %d", status)
		}
	}
	t.atMost("P10", fmt.Sprintf("growth by %d distinct invalid tokens", s.invalid), 1024, float64(heap()-before)/1024, " KiB", "")
	runtime.KeepAlive(rs)
	return nil
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what had a finalizer
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
