package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 25, "rounds of each comparison")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, scale{rounds: *rounds, batch: 8 * time.Millisecond, invalid: 1_000_000, failures: true}); err != nil {
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
	var t table
	for _, part := range []func(context.Context, *authority, scale, *table) error{
		speed, overlong, weight, endToEnd, failures,
	} {
		if err := part(ctx, a, s, &t); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return t.print(out)
}
