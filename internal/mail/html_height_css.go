package mail

import (
	"slices"
	"strings"
)

// boxRules holds the rules of a sanitised <style> by what their last part names: a class, an id or an element.
// Rules inside @media and rules with combinators, attributes or pseudo-classes are not read.
type boxRules map[string][]boxRule

// boxRule is one selector of one rule: compound selectors from the outermost on, and the declarations.
type boxRule struct {
	parts []boxPart
	decls string
}

// boxPart is one compound selector: an element name, or "", and classes and ids with their sign.
type boxPart struct {
	name  string
	marks []string
}

// boxMaxRules is how many rules are read.
const boxMaxRules = 1000

// readBoxRules reads CSS as sanitiser.sheet writes it.
func readBoxRules(sheet string) boxRules {
	rules := boxRules{}
	for n := 0; sheet != "" && n < boxMaxRules; n++ {
		if strings.HasPrefix(sheet, "@") {
			sheet = afterBlock(sheet)
			continue
		}
		head, rest, _ := strings.Cut(sheet, "{")
		decls, rest, _ := strings.Cut(rest, "}")
		sheet = rest
		for sel := range strings.SplitSeq(head, ",") {
			rules.add(strings.TrimSpace(strings.TrimPrefix(sel, mailRoot)), decls)
		}
	}
	return rules
}

func (r boxRules) add(sel, decls string) {
	if sel == "" || strings.ContainsAny(sel, ">+~[:*") {
		return
	}
	rule := boxRule{decls: decls}
	for _, compound := range strings.Fields(sel) {
		rule.parts = append(rule.parts, readPart(compound))
	}
	last := rule.parts[len(rule.parts)-1]
	key := last.name
	if len(last.marks) > 0 {
		key = last.marks[0]
	}
	r[key] = append(r[key], rule)
}

func readPart(compound string) boxPart {
	end := strings.IndexAny(compound, ".#")
	if end < 0 {
		return boxPart{name: compound}
	}
	p := boxPart{name: compound[:end]}
	for from := end; from < len(compound); from = end {
		end = len(compound)
		if i := strings.IndexAny(compound[from+1:], ".#"); i >= 0 {
			end = from + 1 + i
		}
		p.marks = append(p.marks, compound[from:end])
	}
	return p
}

// afterBlock skips one at-rule.
func afterBlock(sheet string) string {
	depth := 0
	for i := 0; i < len(sheet); i++ {
		switch sheet[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth <= 0 {
				return sheet[i+1:]
			}
		}
	}
	return ""
}

// apply sets the lengths of b by the rules that match it below the open boxes.
func (r boxRules) apply(b *box, open []*box) {
	if len(r) == 0 {
		return
	}
	r.applyKey(b.el.name, b, open)
	for _, m := range b.marks {
		r.applyKey(m, b, open)
	}
}

func (r boxRules) applyKey(key string, b *box, open []*box) {
	for _, rule := range r[key] {
		if !rule.matches(b, open) {
			continue
		}
		for decl := range strings.SplitSeq(rule.decls, ";") {
			name, val, _ := strings.Cut(decl, ":")
			b.css.set(name, strings.TrimSpace(strings.TrimSuffix(val, "!important")))
		}
	}
}

func (rule boxRule) matches(b *box, open []*box) bool {
	last := len(rule.parts) - 1
	if !rule.parts[last].matches(b) {
		return false
	}
	for i := len(open) - 1; i >= 0 && last > 0; i-- {
		if rule.parts[last-1].matches(open[i]) {
			last--
		}
	}
	return last == 0
}

func (p boxPart) matches(b *box) bool {
	if p.name != "" && p.name != b.el.name {
		return false
	}
	for _, m := range p.marks {
		if !slices.Contains(b.marks, m) {
			return false
		}
	}
	return true
}
