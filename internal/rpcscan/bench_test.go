package rpcscan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/internal/rpcscan"
)

// bodies are calls of the sizes and shapes that P11 names.
func bodies() map[string][]byte {
	const meta = `"_meta":{"progressToken":3,"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}}`
	body := func(arguments string) []byte {
		return []byte(call(`{"name":"get_weather","arguments":` + arguments + `,` + meta + `}`))
	}
	const row = `{"id":123,"name":"some name","tags":["a","b"],"ok":true,"v":1.5},`
	return map[string][]byte{
		"450B":      body(`{"city":"Berlin","units":"metric","days":5,"note":"` + strings.Repeat("x", 80) + `"}`),
		"4KB":       body(`{"rows":[` + strings.Repeat(row, 57) + `null]}`),
		"4MBdense":  body(`{"a":[` + strings.Repeat("1,", 2<<20-250) + `1]}`),
		"4MBstring": body(`{"a":"` + strings.Repeat("x", 4<<20-500) + `"}`),
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	for name, data := range bodies() {
		t.Run("P11 "+name, func(t *testing.T) {
			if n := testing.AllocsPerRun(3, func() {
				if _, err := rpcscan.Scan(data); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("Scan allocates %v times", n)
			}
		})
	}
}

// TestRefusalAllocatesOnce proves that a refusal costs no more than its error.
func TestRefusalAllocatesOnce(t *testing.T) {
	data := []byte(call(`{"name":"safe","NAME":"danger"}`))
	if n := testing.AllocsPerRun(10, func() {
		if _, err := rpcscan.Scan(data); !errors.Is(err, rpcscan.CaseVariant) {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("a refusal allocates %v times", n)
	}
}

func TestStrictArgumentsAllocatesNothing(t *testing.T) {
	data := []byte(`{"path":"/public","options":{"deep":[{"a":1,"b":"é"},{"a":2}]}}`)
	if n := testing.AllocsPerRun(10, func() {
		if err := rpcscan.StrictArguments(data); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("StrictArguments allocates %v times", n)
	}
}

func BenchmarkScan(b *testing.B) {
	for name, data := range bodies() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rpcscan.Scan(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
