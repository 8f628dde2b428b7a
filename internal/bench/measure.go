package main

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"time"
)

// subject is something to be measured. Its work is one request.
type subject struct {
	name string
	work func()
	// before, if not nil, runs before each batch and is not measured.
	before func()
	// most bounds a batch, where work can't be repeated for ever. Zero means
	// no bound.
	most int
}

// result is what one subject took, per request, in each round.
type result map[string][]float64

// compare measures the subjects in interleaved rounds.
func compare(s scale, subjects []subject) result {
	sizes := make([]int, len(subjects))
	for i := range subjects {
		sizes[i] = calibrate(&subjects[i], s.batch)
	}
	r := make(result, len(subjects))
	order := make([]int, len(subjects))
	for i := range order {
		order[i] = i
	}
	for range s.rounds {
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] }) //nolint:gosec // nobody gains by guessing the order
		for _, i := range order {
			x := &subjects[i]
			r[x.name] = append(r[x.name], x.batch(sizes[i]))
		}
	}
	return r
}

// batch does the work n times and returns the processor's nanoseconds for one.
func (x *subject) batch(n int) float64 {
	if x.before != nil {
		x.before()
	}
	began := processorTime()
	for range n {
		x.work()
	}
	return float64(processorTime()-began) / float64(n)
}

// calibrate returns how often the work is to be done for a batch of that time.
func calibrate(x *subject, batch time.Duration) int {
	x.batch(1)
	n := 1
	for {
		took := x.batch(n) * float64(n)
		if x.most > 0 && n >= x.most {
			return x.most
		}
		if took >= float64(batch)/4 {
			n = max(1, int(float64(n)*float64(batch)/took))
			if x.most > 0 {
				n = min(n, x.most)
			}
			return n
		}
		n *= 2
	}
}

// time returns the median of what a subject took.
func (r result) time(name string) float64 { return median(r[name]) }

// ratio returns the median of the rounds' ratios, each of what one took beyond
// its base to what the other took beyond its own. An empty base is nothing.
func (r result) ratio(one, oneBase, other, otherBase string) float64 {
	var ratios []float64
	beyond := func(name, base string, round int) float64 {
		took := r[name][round]
		if base != "" {
			took -= r[base][round]
		}
		return took
	}
	for round := range r[one] {
		ratios = append(ratios, beyond(one, oneBase, round)/beyond(other, otherBase, round))
	}
	return median(ratios)
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// processorTime returns the time that this process has had of the processors,
// garbage collection and system calls included.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
