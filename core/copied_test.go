package core

import (
	"reflect"
	"testing"
)

// TestNothingOfTheConfigIsShared: what a caller does to the lists, tables and
// structs of a config after New changes no rule. Only what is shared on purpose is
// passed over: functions, interfaces, the logger and the HTTP client.
func TestNothingOfTheConfigIsShared(t *testing.T) {
	filled := func() Config {
		var c Config
		fill(reflect.ValueOf(&c).Elem())
		return c
	}
	given := filled()
	held := given.copied()
	scribble(reflect.ValueOf(&given).Elem())
	if want := filled(); !reflect.DeepEqual(held, want) {
		t.Errorf("the copy follows what it was made of:\n%+v\nwant\n%+v", held, want)
	}
	if reflect.DeepEqual(given, filled()) {
		t.Error("nothing was changed")
	}
}

// fill gives every list and table an entry, and every text a value.
func fill(v reflect.Value) {
	if !v.CanSet() {
		return
	}
	switch v.Kind() { //nolint:exhaustive // the others hold nothing that could be shared, or are shared on purpose
	case reflect.String:
		v.SetString("kept")
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		entry := reflect.New(v.Type().Elem()).Elem()
		fill(entry)
		v.SetMapIndex(reflect.ValueOf("kept"), entry)
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*Introspection]() {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

// scribble changes all that fill has set, where it lies.
func scribble(v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // as in fill
	case reflect.String:
		if v.CanSet() {
			v.SetString("changed")
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			scribble(v.MapIndex(key))
			v.SetMapIndex(key, reflect.Value{})
		}
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*Introspection]() {
			scribble(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			scribble(v.Field(i))
		}
	}
}
