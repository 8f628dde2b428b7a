package environ_test

import (
	"context"
	"fmt"
	"time"

	"github.com/mcpbearer/mcpbearer/internal/environ"
)

func Example() {
	manual := environ.NewManual(time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC))
	ctx := environ.With(context.Background(), manual.Clock())

	clock := environ.From(ctx)
	fired, stop := clock.Timer(time.Hour)
	defer stop()
	manual.Advance(30 * time.Minute)
	fmt.Println(clock.Now().Format(time.Kitchen), manual.Waiting())
	manual.Advance(30 * time.Minute)
	fmt.Println((<-fired).Format(time.Kitchen), manual.Waiting())
	// Output:
	// 12:30AM 1
	// 1:00AM 0
}
