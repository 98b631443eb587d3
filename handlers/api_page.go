package handlers

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"applylens/views"
)

// page shows the description of the API to people.
func (a *api) page(c echo.Context) error {
	p, err := a.Server.page(c, "API", "settings")
	if err != nil {
		return err
	}
	return a.render(c, http.StatusOK, views.APIPage(p, a.BaseURL+apiBase, operationGroups(a.huma.OpenAPI())))
}

// operationGroups sorts the operations of a description by their first tag, in the order in which tags first appear.
func operationGroups(doc *huma.OpenAPI) []views.OperationGroup {
	var groups []views.OperationGroup
	for _, path := range sortedPaths(doc) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			i := slices.IndexFunc(groups, func(g views.OperationGroup) bool { return g.Name == op.Tags[0] })
			if i < 0 {
				groups, i = append(groups, views.OperationGroup{Name: op.Tags[0]}), len(groups)
			}
			groups[i].Operations = append(groups[i].Operations, describeOperation(doc, op))
		}
	}
	return groups
}

func sortedPaths(doc *huma.OpenAPI) []string {
	var paths []string
	for path := range doc.Paths {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func describeOperation(doc *huma.OpenAPI, op *huma.Operation) views.Operation {
	v := views.Operation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description}
	for _, p := range op.Parameters {
		v.Params = append(v.Params, views.Param{Name: p.Name, In: p.In, Type: typeWords(p.Schema), Doc: cmpDoc(p), Required: p.Required})
	}
	if op.RequestBody != nil {
		v.Body = example(doc, op.RequestBody.Content["application/json"])
	}
	for _, code := range []string{"200", "201"} {
		if answer := op.Responses[code]; answer != nil {
			v.Answer = example(doc, answer.Content["application/json"])
		}
	}
	return v
}

func cmpDoc(p *huma.Param) string {
	if p.Description == "" && p.Schema != nil {
		return p.Schema.Description
	}
	return p.Description
}

func typeWords(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	words := s.Type
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			if text, ok := v.(string); ok {
				values = append(values, text)
			}
		}
		words = strings.Join(values, ", ")
	}
	if s.Minimum != nil && s.Maximum != nil {
		words += " " + strconv.FormatFloat(*s.Minimum, 'f', -1, 64) + "–" + strconv.FormatFloat(*s.Maximum, 'f', -1, 64)
	}
	return words
}

// example is the shape of a body, with the type of each value in its place.
func example(doc *huma.OpenAPI, media *huma.MediaType) string {
	if media == nil || media.Schema == nil {
		return ""
	}
	text, err := json.MarshalIndent(shape(doc, media.Schema, 0), "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

// maxShape bounds how deep a shape goes, should a type ever hold itself.
const maxShape = 6

func shape(doc *huma.OpenAPI, s *huma.Schema, depth int) any {
	if s.Ref != "" {
		s = doc.Components.Schemas.SchemaFromRef(s.Ref)
	}
	switch {
	case s == nil || depth > maxShape:
		return "…"
	case s.Type == huma.TypeArray:
		return []any{shape(doc, s.Items, depth+1)}
	case s.Type == huma.TypeObject && len(s.Properties) > 0:
		fields := map[string]any{}
		for name, field := range s.Properties {
			fields[name] = shape(doc, field, depth+1)
		}
		return fields
	case s.Format != "":
		return s.Format
	case len(s.Enum) > 0:
		return typeWords(s)
	}
	return s.Type
}
