package demo

import (
	"context"
	"errors"

	"github.com/mcpbearer/mcpbearer/core"
)

// What both MCP servers offer, whichever SDK they are made with.
const (
	serverName    = "weather"
	serverVersion = "1.0.0"

	weatherTool = "get_weather"
	weatherHelp = "Tells the weather in a city, and whom the server takes you for."

	purgeTool = "purge"
	purgeHelp = "Removes all notes."
	purgeText = "purged"

	helloPrompt = "hello"
	helloHelp   = "Asks for a greeting."
	helloText   = "Say hello to me, please."

	dangerPrompt = "danger_prompt"
	dangerHelp   = "Asks to remove all notes."
	dangerText   = "Remove all notes, please."

	notesURI  = "notes://public"
	notesName = "public notes"
	notesText = "Notes that everybody may read who may call this server."

	secretURI  = "notes://secret"
	secretName = "secret notes"
	secretText = "Notes for those who may write them."

	plainText = "text/plain"
)

// prompt and resource are as much as both SDKs need to know of one.
type prompt struct{ name, help, text string }

type resource struct{ uri, name, text string }

func prompts() []prompt {
	return []prompt{{helloPrompt, helloHelp, helloText}, {dangerPrompt, dangerHelp, dangerText}}
}

func resources() []resource {
	return []resource{{notesURI, notesName, notesText}, {secretURI, secretName, secretText}}
}

// weather runs get_weather for the caller of the request at hand.
func (d *Demo) weather(ctx context.Context, city string) (string, error) {
	caller, err := d.recorded(ctx, weatherTool)
	if err != nil {
		return "", err
	}
	return "sunny in " + city + ", sub=" + caller.Subject, nil
}

// purge runs the tool of that name. That the caller has its scope is the
// policy's business.
func (d *Demo) purge(ctx context.Context) (string, error) {
	if _, err := d.recorded(ctx, purgeTool); err != nil {
		return "", err
	}
	return purgeText, nil
}

// recorded returns the caller, whose run of the tool is then in the audit log.
func (d *Demo) recorded(ctx context.Context, tool string) (core.Principal, error) {
	caller, ok := core.PrincipalFrom(ctx)
	if !ok {
		return caller, errors.New("nobody is known to call")
	}
	return caller, d.audit.record(tool, caller)
}
