package main

import (
	"encoding"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"go.opentelemetry.io/collector/confmap"
)

// A schema is a string: "bool", "int", "uint", "float", "string", "duration" (Go's),
// "prometheus_duration", "scalar" (any scalar: YAML's own decoder makes strings of numbers),
// "any"; or an object with one of the keys "fields" (and "open": other keys too), "map", "list",
// "enum", "one_of".

func fields(of map[string]any) map[string]any { return map[string]any{"fields": of} }
func list(of any) map[string]any              { return map[string]any{"list": of} }
func mapOf(of any) map[string]any             { return map[string]any{"map": of} }
func oneOf(of ...any) map[string]any          { return map[string]any{"one_of": of} }

type tagged string

const (
	mapstructure tagged = "mapstructure"
	yaml         tagged = "yaml"
)

// walk turns a Go type into a schema. Types under way become "any": no configuration needs more
// than one turn of a recursive type to tell a wrong key.
type walk struct {
	tag   tagged
	above map[reflect.Type]bool
	// met collects the named structs on the way: other components' schemas refer to them.
	met map[reflect.Type]any
}

func newWalk(tag tagged) walk {
	return walk{tag: tag, above: map[reflect.Type]bool{}, met: map[reflect.Type]any{}}
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
	confType     = reflect.TypeFor[confmap.Unmarshaler]()
)

func (w walk) schema(t reflect.Type) any {
	if known, ok := w.special(t); ok {
		return known
	}
	if t.Kind() == reflect.Pointer {
		return w.schema(t.Elem())
	}
	pointer := reflect.PointerTo(t)
	_, readsYAML := pointer.MethodByName("UnmarshalYAML")
	switch {
	case t == durationType:
		return "duration"
	case t.Name() == "Duration":
		return "prometheus_duration"
	case strings.HasPrefix(t.Name(), "Optional["):
		// configoptional.Optional[T]; its accessor names T.
		get, _ := pointer.MethodByName("Get")
		return switchable(w.schema(get.Type.Out(0)))
	case pointer.Implements(textType) && w.tag == mapstructure:
		return words(t)
	case readsYAML && w.tag == yaml && t.Kind() != reflect.Struct:
		return "any"
	}
	switch t.Kind() {
	case reflect.Struct:
		described := w.structure(t)
		if t.Name() != "" && described != any("any") {
			w.met[t] = described
		}
		return described
	case reflect.Map:
		if pointer.Implements(confType) {
			return "any"
		}
		return mapOf(w.schema(t.Elem()))
	case reflect.Slice, reflect.Array:
		// A list with its own reading accepts other forms too.
		if pointer.Implements(confType) {
			return "any"
		}
		return list(w.schema(t.Elem()))
	}
	return w.scalar(t)
}

func (w walk) scalar(t reflect.Type) any {
	switch t.Kind() {
	case reflect.Bool:
		return "bool"
	case reflect.String:
		if w.tag == yaml {
			return "scalar"
		}
		return "string"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "int"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "uint"
	}
	return "any"
}

// switchable adds the key that every configoptional.Optional has since gate
// configoptional.AddEnabledField is on by default.
func switchable(described any) any {
	if object, ok := described.(map[string]any); ok {
		if keys, ok := object["fields"].(map[string]any); ok {
			keys["enabled"] = "bool"
		}
	}
	return described
}

func (w walk) structure(t reflect.Type) any {
	if w.above[t] {
		return "any"
	}
	w.above[t] = true
	defer delete(w.above, t)
	if w.tag == mapstructure && reflect.PointerTo(t).Implements(confType) {
		// The struct's own reading usually only adds to its fields; the differential tests
		// are what catches the others.
		fmt.Fprintln(os.Stderr, "reads itself:", t)
	}
	found := map[string]any{}
	open := w.into(t, found)
	described := fields(found)
	if open {
		described["open"] = true
	}
	return described
}

// into adds the struct's keys, and says whether it takes others too.
func (w walk) into(t reflect.Type, found map[string]any) bool {
	open := false
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get(string(w.tag))
		name, options, _ := strings.Cut(tag, ",")
		inline := strings.Contains(options, "squash") || strings.Contains(options, "inline")
		switch {
		case name == "-" || !field.IsExported() && !field.Anonymous:
		case strings.Contains(options, "remain"):
			open = true
		case inline:
			embedded := field.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			if embedded.Kind() == reflect.Struct {
				open = w.into(embedded, found) || open
				w.met[embedded] = w.structure(embedded)
			} else {
				open = true
			}
		case name == "" && w.tag == yaml:
			found[strings.ToLower(field.Name)] = w.schema(field.Type)
		case name == "":
			found[field.Name] = w.schema(field.Type)
		default:
			found[name] = w.schema(field.Type)
		}
	}
	return open
}
