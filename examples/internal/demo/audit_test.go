package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpbearer/mcpbearer/core"
)

// A tool that can't be recorded, or whose caller is unknown, doesn't run.
func TestToolRunsOnlyWhenRecorded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit")
	audit, err := openAuditLog(file)
	if err != nil {
		t.Fatal(err)
	}
	d := &Demo{audit: audit}
	known := core.WithPrincipal(t.Context(), core.Principal{Issuer: "https://as.example", Subject: "ali\"ce\n", ClientID: "c"})
	if text, err := d.weather(t.Context(), "Rome"); err == nil {
		t.Errorf("without a caller: %q", text)
	}
	if text, err := d.weather(known, "Rome"); err != nil || text != "sunny in Rome, sub=ali\"ce\n" {
		t.Errorf("got %q, error %v", text, err)
	}
	if text, err := d.purge(t.Context()); err == nil {
		t.Errorf("purge without a caller: %q", text)
	}
	audit.close()
	if text, err := d.weather(known, "Rome"); err == nil {
		t.Errorf("with a closed audit log: %q", text)
	}
	if text, err := d.purge(known); err == nil {
		t.Errorf("purge with a closed audit log: %q", text)
	}
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const begin = `{"tool":"get_weather","sub":"ali\"ce\n","client_id":"c","iss":"https://as.example","time":"`
	if got := string(lines); len(got) < len(begin) || got[:len(begin)] != begin || strings.Count(got, "\n") != 1 {
		t.Errorf("the audit log is %q", got)
	}
}

func TestAuditLogIsAppended(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit")
	for range 2 {
		audit, err := openAuditLog(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := audit.record("get_weather", core.Principal{Subject: "alice"}); err != nil {
			t.Fatal(err)
		}
		audit.close()
	}
	lines, err := os.ReadFile(file)
	if err != nil || strings.Count(string(lines), "\n") != 2 {
		t.Errorf("the audit log is %q, error %v", lines, err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the audit log is open to others: %v, error %v", info.Mode(), err)
	}
}
