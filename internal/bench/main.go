package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 25, "rounds of each comparison")
	flag.Parse()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // keyfunc's complaints about what is done to it
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, scale{rounds: *rounds, batch: 8 * time.Millisecond, invalid: 1_000_000, failures: true})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// scale is how much is done.
type scale struct {
	rounds   int
	batch    time.Duration // of the processor, for one subject in one round
	invalid  int           // distinct invalid tokens
	failures bool          // whether the scenarios that take real time run
}

// run measures everything and prints it.
func run(ctx context.Context, out io.Writer, s scale) error {
	a, err := newAuthority()
	if err != nil {
		return err
	}
	defer a.close()
	// With an empty heap the collector would run every 4 MB, and weigh more than
	// what is measured. A service has one that is not empty.
	ballast := make([]byte, 64<<20)
	defer runtime.KeepAlive(ballast)
	var t table
	for _, part := range parts() {
		if err := part(ctx, a, s, &t); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return t.print(out)
}

// parts fill the table, one after another.
func parts() []func(context.Context, *authority, scale, *table) error {
	return []func(context.Context, *authority, scale, *table) error{speed, overlong, weight, endToEnd, failures}
}
