package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/mcpbearer/mcpbearer/core"
)

// auditLog records every tool run: who ran what, by which client.
type auditLog struct {
	file *os.File // nil: the log
}

type auditLine struct {
	Tool     string    `json:"tool"`
	Subject  string    `json:"sub"`
	ClientID string    `json:"client_id"`
	Issuer   string    `json:"iss"`
	Time     time.Time `json:"time"`
}

// openAuditLog opens the file for appending, or stands for the log if path is
// empty.
func openAuditLog(path string) (*auditLog, error) {
	if path == "" {
		return &auditLog{}, nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("AUDIT_LOG: %w: choose a file that can be written", err)
	}
	return &auditLog{file: file}, nil
}

// record writes one line. A tool that can't be recorded must not run.
func (a *auditLog) record(tool string, p core.Principal) error {
	if a.file == nil {
		slog.Info("tool run", "tool", tool, "sub", p.Subject, "client_id", p.ClientID, "iss", p.Issuer)
		return nil
	}
	line, err := json.Marshal(auditLine{
		Tool: tool, Subject: p.Subject, ClientID: p.ClientID, Issuer: p.Issuer, Time: time.Now().UTC(),
	})
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	// One write appends the whole line, whoever else writes at the same time.
	if _, err := a.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	return nil
}

// Record notes that the caller of the request at hand, who may be anonymous,
// runs the tool. It is for an example whose tools are another process's.
func (d *Demo) Record(ctx context.Context, tool string) error {
	caller, _ := core.PrincipalFrom(ctx)
	return d.audit.record(tool, caller)
}

func (a *auditLog) close() {
	if a.file != nil {
		_ = a.file.Close() // every line is written already
	}
}
