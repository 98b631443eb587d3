package mail

import (
	"net/url"
	"strings"
)

// authResults reads the topmost Authentication-Results header (RFC 8601), which the receiving server wrote; lower
// ones, and ARC copies, anybody can have written. Without it a Received-SPF header above the second Received header
// still tells spf. Of several DKIM results "pass" counts, else the first.
func authResults(headers []Header) Auth {
	var a Auth
	received, found := 0, false
	for _, h := range headers {
		switch strings.ToLower(h.Name) {
		case "received":
			received++
		case "authentication-results":
			if !found {
				a, found = parseAuth(h.Value, a), true
			}
		case "received-spf":
			if a.SPF == "" && received <= 1 && !found {
				word, _, _ := strings.Cut(strings.TrimSpace(h.Value), " ")
				a.SPF = resultWord(word)
			}
		}
	}
	return a
}

func parseAuth(v string, a Auth) Auth {
	var got Auth
	v = dropComments(v)
	for i, clause := range strings.Split(v, ";") {
		if i == 0 && !strings.Contains(clause, "=") {
			continue // the server's name
		}
		for _, word := range strings.Fields(clause) {
			method, result, ok := strings.Cut(word, "=")
			if !ok {
				continue
			}
			method, _, _ = strings.Cut(strings.ToLower(method), "/")
			result = resultWord(result)
			switch {
			case method == "spf" && got.SPF == "":
				got.SPF = result
			case method == "dkim" && (got.DKIM == "" || result == "pass"):
				got.DKIM = result
			case method == "dmarc" && got.DMARC == "":
				got.DMARC = result
			}
		}
	}
	if got.SPF == "" {
		got.SPF = a.SPF
	}
	return got
}

// resultWord keeps a result of RFC 8601, section 2.7, in lower case.
func resultWord(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\"';,.("))
	switch s {
	case "hardfail":
		return "fail"
	case "pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror", "bestguesspass":
		return s
	case "error", "unknown":
		return "permerror"
	}
	return ""
}

// dropComments removes what stands in parentheses.
func dropComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// listHeaders reads List-Id, List-Unsubscribe (https, http and mailto, in their order) and the one-click mark of RFC 8058.
func listHeaders(m *Message) List {
	var l List
	if v := m.Header("List-Id"); v != "" {
		l.ID = strings.TrimSpace(v)
		if i := strings.LastIndexByte(v, '<'); i >= 0 {
			l.ID = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v[i+1:]), ">"))
		}
	}
	secure := false
	for _, v := range m.values("List-Unsubscribe") {
		for _, item := range unsubscribeTargets(v) {
			u, err := url.Parse(item)
			if err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "mailto" || len(l.Unsubscribe) >= 10 {
				continue
			}
			secure = secure || u.Scheme == "https"
			l.Unsubscribe = append(l.Unsubscribe, item)
		}
	}
	l.OneClick = secure && strings.EqualFold(strings.ReplaceAll(m.Header("List-Unsubscribe-Post"), " ", ""), "List-Unsubscribe=One-Click")
	return l
}

func unsubscribeTargets(v string) []string {
	var out []string
	if !strings.Contains(v, "<") {
		for _, f := range strings.Split(v, ",") {
			out = append(out, strings.TrimSpace(f))
		}
		return out
	}
	for {
		_, rest, ok := strings.Cut(v, "<")
		if !ok {
			return out
		}
		target, after, _ := strings.Cut(rest, ">")
		out = append(out, strings.Join(strings.Fields(target), ""))
		v = after
	}
}
