package main

import "context"

func failures(ctx context.Context, a *authority, s scale, t *table) error { return nil }
