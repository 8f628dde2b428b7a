package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// list prints the tools, one a line.
func list(ctx context.Context, session *mcp.ClientSession, stdout io.Writer) error {
	for tool, err := range session.Tools(ctx, nil) {
		if err != nil {
			return err
		}
		line := tool.Name
		if tool.Description != "" {
			line += ": " + tool.Description
		}
		if _, err := fmt.Fprintln(stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// call calls a tool, and prints what it answers.
func call(ctx context.Context, session *mcp.ClientSession, words []string, stdout io.Writer) error {
	params := &mcp.CallToolParams{Name: words[0], Arguments: json.RawMessage("{}")}
	if len(words) == 2 {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(words[1]), &object); err != nil || object == nil {
			return errors.New("the arguments of a tool are one JSON object")
		}
		params.Arguments = json.RawMessage(words[1])
	}
	result, err := session.CallTool(ctx, params)
	if err != nil {
		return err
	}
	for _, content := range result.Content {
		if err := show(content, stdout); err != nil {
			return err
		}
	}
	if result.IsError {
		return fmt.Errorf("the tool %s has failed", words[0])
	}
	return nil
}

// show prints text as it is, and anything else as JSON.
func show(content mcp.Content, stdout io.Writer) error {
	if text, ok := content.(*mcp.TextContent); ok {
		_, err := fmt.Fprintln(stdout, text.Text)
		return err
	}
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s\n", data)
	return err
}
