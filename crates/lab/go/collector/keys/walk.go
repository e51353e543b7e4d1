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

// A schema is a string ("bool", "int", "uint", "float", "duration", "string", "text", "any"),
// or an object with one of the keys "fields" (and "open"), "map", "list", "enum".

func fields(of map[string]any) map[string]any { return map[string]any{"fields": of} }
func list(of any) map[string]any              { return map[string]any{"list": of} }
func mapOf(of any) map[string]any             { return map[string]any{"map": of} }

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
}

func newWalk(tag tagged) walk { return walk{tag: tag, above: map[reflect.Type]bool{}} }

var (
	durationType  = reflect.TypeFor[time.Duration]()
	textType      = reflect.TypeFor[encoding.TextUnmarshaler]()
	confType      = reflect.TypeFor[confmap.Unmarshaler]()
	yamlUnmarshal = "UnmarshalYAML"
)

func (w walk) schema(t reflect.Type) any {
	if known, ok := special(t); ok {
		return known
	}
	pointer := reflect.PointerTo(t)
	switch {
	case t == durationType || t.Name() == "Duration" && t.Kind() == reflect.Int64:
		return "duration"
	case t.Kind() == reflect.Pointer:
		return w.schema(t.Elem())
	case strings.HasPrefix(t.Name(), "Optional["):
		// configoptional.Optional[T]; its accessor names T.
		get, _ := pointer.MethodByName("Get")
		return w.schema(get.Type.Out(0))
	case pointer.Implements(textType):
		return words(t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return w.structure(t)
	case reflect.Map:
		if pointer.Implements(confType) {
			return "any"
		}
		return mapOf(w.schema(t.Elem()))
	case reflect.Slice, reflect.Array:
		// A list with its own reading accepts other forms too.
		if _, ok := pointer.MethodByName(yamlUnmarshal); ok || pointer.Implements(confType) {
			return "any"
		}
		return list(w.schema(t.Elem()))
	case reflect.Bool:
		return "bool"
	case reflect.String:
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
