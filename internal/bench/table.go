package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// row is one line of the table: a goal of the performance page, what was
// measured, and beside it what the peer did.
type row struct {
	id, about, goal, measured, peer string
	met                             bool
}

type table struct {
	rows  []row
	notes []string
}

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// print writes the rows in the order of their goals, then the notes.
func (t *table) print(out io.Writer) error {
	slices.SortStableFunc(t.rows, func(a, b row) int { return number(a.id) - number(b.id) })
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "goal\twhat\twant\tmeasured\tbeside\t")
	for _, r := range t.rows {
		verdict := "met"
		if !r.met {
			verdict = "MISSED"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.id, r.about, r.goal, r.measured, r.peer, verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(t.notes) > 0 {
		fmt.Fprintln(out)
	}
	for _, note := range t.notes {
		fmt.Fprintln(out, note)
	}
	return nil
}

// number is the number in an id such as "P10".
func number(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "P"))
	if err != nil {
		return 0
	}
	return n
}

// atLeast and atMost are the two kinds of goal that are a number.
func (t *table) atLeast(id, about string, want, got float64, unit, peer string) {
	t.add(row{id: id, about: about, goal: fmt.Sprintf("≥ %.4g%s", want, unit), measured: fmt.Sprintf("%.4g%s", got, unit), peer: peer, met: got >= want})
}

func (t *table) atMost(id, about string, want, got float64, unit, peer string) {
	t.add(row{id: id, about: about, goal: fmt.Sprintf("≤ %.4g%s", want, unit), measured: fmt.Sprintf("%.4g%s", got, unit), peer: peer, met: got <= want})
}
