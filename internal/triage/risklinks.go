package triage

import "strings"

// riskLinks looks at where the links lead.
func (v *view) riskLinks(r *riskSum) {
	own := 0
	for i := range v.html.anchors {
		a := &v.html.anchors[i]
		if a.host == "" {
			continue
		}
		if a.org == v.org {
			own++
		}
		v.riskLink(r, a.href, a.host, a.org)
		if shown := shownHost(a.text); shown != "" && orgDomain(shown) != a.org && !sameBrand(orgDomain(shown), a.org) &&
			!v.tracked(a.org) && !r.has("link_text_mismatch") {
			r.add("link_text_mismatch", "shows "+shown+", leads to "+a.host)
		}
	}
	for i := range v.toks {
		if v.toks[i].kind == link {
			href := v.text[v.toks[i].start:v.toks[i].end]
			h := hostOf(href)
			o := orgDomain(h)
			if o == v.org {
				own++
			}
			v.riskLink(r, href, h, o)
		}
	}
	if own == 0 && len(v.html.anchors) > 0 && !v.flags.list && !v.flags.freeMail && (v.sender == nil || v.sender.kind == "free") {
		r.add("link_not_of_sender", v.org)
	}
	if v.html.forms > 0 {
		r.add("form_in_mail", "")
	}
}

// riskLink looks at one link.
func (v *view) riskLink(r *riskSum, href, host, org string) {
	switch {
	case host == "":
		return
	case isIP(host):
		r.once("ip_link", host)
		return
	case shortener(org):
		r.once("shortener", org)
	case throwawayHost(host):
		r.once("throwaway_hosting", host)
	}
	if strings.Contains(host, "xn--") {
		r.once("punycode", host)
	}
	if userInLink(href) {
		r.once("user_in_link", host)
	}
	if org == v.org || r.has("brand_in_link") {
		return
	}
	if target := v.lookAlike(org); target != "" {
		r.add("brand_in_link", org+" imitates "+target)
		return
	}
	if b := brandInSub(host, org); b != "" {
		r.add("brand_in_link", host+" belongs to "+org+", not to "+b)
	}
}

// tracked reports whether the sender's links are rewritten by a mail sending service: then the target of every link
// differs from what it shows, and the mismatch means nothing.
func (v *view) tracked(org string) bool {
	if org == v.org {
		return true
	}
	n, all := 0, 0
	for i := range v.html.anchors {
		if v.html.anchors[i].host != "" {
			all++
			if v.html.anchors[i].org == org {
				n++
			}
		}
	}
	return all >= 6 && n*10 >= all*6
}

// foreignLinks reports whether most links lead away from the sender's domain.
func (v *view) foreignLinks() bool {
	own, all := 0, 0
	for i := range v.html.anchors {
		if h := v.html.anchors[i].host; h != "" {
			all++
			if v.html.anchors[i].org == v.org {
				own++
			}
		}
	}
	return all > 0 && own*2 < all
}

// shownHost returns the host that the text of a link shows, or "".
func shownHost(text string) string {
	text = strings.TrimSpace(text)
	if h := hostOf(text); h != "" && strings.IndexByte(h, '.') > 0 && strings.IndexByte(text, ' ') < 0 {
		return h
	}
	return ""
}

func userInLink(href string) bool {
	k := strings.Index(href, "//")
	if k < 0 {
		return false
	}
	r := href[k+2:]
	if e := strings.IndexAny(r, "/?#"); e >= 0 {
		r = r[:e]
	}
	return strings.IndexByte(r, '@') >= 0
}

// shortener reports whether a domain shortens links.
func shortener(org string) bool {
	switch org {
	case "bit.ly", "tinyurl.com", "goo.gl", "t.co", "ow.ly", "is.gd", "buff.ly", "cutt.ly", "rebrand.ly", "rb.gy", "shorturl.at", "t.ly",
		"tiny.cc", "v.gd", "s.id", "bl.ink", "lnkd.in", "qrco.de", "shorte.st", "adf.ly", "urlz.fr", "u.to", "bitly.com", "tinyurl.is",
		"short.gy", "dub.sh", "surl.li", "l.ead.me", "urlr.me", "x.gd", "2no.co", "clck.ru", "me2.kr", "han.gl":
		return true
	}
	return false
}

// throwawayHost reports whether anybody can put up a page under a host for nothing.
func throwawayHost(host string) bool {
	for _, h := range []string{"storage.googleapis.com", "firebaseapp.com", "web.app", "weebly.com", "wixsite.com", "blogspot.com",
		"000webhostapp.com", "github.io", "netlify.app", "vercel.app", "pages.dev", "workers.dev", "r2.dev", "herokuapp.com",
		"glitch.me", "ipfs.io", "dweb.link", "cloudfront.net", "s3.amazonaws.com", "blob.core.windows.net", "azurewebsites.net",
		"web.core.windows.net", "sites.google.com", "forms.gle", "docs.google.com", "jotform.com", "typeform.com", "square.site",
		"myftp.org", "duckdns.org", "ngrok.io", "ngrok-free.app", "replit.app", "repl.co", "surge.sh", "webflow.io", "godaddysites.com",
		"translate.goog", "amplifyapp.com", "ondigitalocean.app", "linodeobjects.com", "oraclecloud.com", "backblazeb2.com", "codesandbox.io",
		"geocities.com", "tripod.com", "angelfire.com", "cloudapp.azure.com", "trycloudflare.com", "mystrikingly.com", "yolasite.com"} {
		if host == h || strings.HasSuffix(host, h) && len(host) > len(h) && (host[len(host)-len(h)-1] == '.' || h[0] == '.') {
			return true
		}
	}
	return strings.HasPrefix(host, "s3.") && strings.HasSuffix(host, ".amazonaws.com") || strings.Contains(host, ".s3.")
}
