package views

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/a-h/templ"
)

// htmxConfig turns off what the content security policy forbids anyway, and lets error pages show.
const htmxConfig = `{"allowEval":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0,"scrollBehavior":"instant"}`

// current marks the link to the place of the page.
func current(p Page, place string) templ.Attributes {
	if p.Place == place {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

// themed names the theme a user chose; without one the page follows the system.
func themed(choice string) templ.Attributes {
	theme := themeOf(choice)
	if theme == "" {
		return nil
	}
	return templ.Attributes{"data-theme": theme}
}

func labelURL(name string) templ.SafeURL { return templ.SafeURL("/?label=" + url.QueryEscape(name)) }

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if strings.Contains(name, "@") && len(words) > 1 {
		words = words[:1]
	}
	switch len(words) {
	case 0:
		return "?"
	case 1:
		return strings.ToUpper(string([]rune(words[0])[:1]))
	}
	return strings.ToUpper(string([]rune(words[0])[:1]) + string([]rune(words[len(words)-1])[:1]))
}
