package triage

import (
	"strings"
	"unicode"
)

// A riskSum collects signals.
type riskSum struct {
	score   float64
	signals []Signal
}

// add counts a signal in full; detail says what was found.
func (r *riskSum) add(name, detail string) { r.addShare(name, detail, 1) }

// addShare counts a share of a signal's weight.
func (r *riskSum) addShare(name, detail string, share float64) {
	line := riskIndex(name)
	w := int(float64(line.weight)*min(1, share) + 0.5*sign(float64(line.weight)))
	if w == 0 {
		return
	}
	r.score += float64(w)
	e := line.check
	if detail != "" {
		e = detail + ": " + e
	}
	r.signals = append(r.signals, Signal{Name: name, Weight: w, Evidence: e})
}

func (r *riskSum) has(name string) bool {
	for i := range r.signals {
		if r.signals[i].Name == name {
			return true
		}
	}
	return false
}

// share is how much of a line's weight was counted, 0 to 1.
func (r *riskSum) share(line *riskSignal) float64 {
	for i := range r.signals {
		if r.signals[i].Name == line.name {
			return float64(r.signals[i].Weight) / float64(line.weight)
		}
	}
	return 0
}

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}

// signals finds every signal but the learned one.
func (v *view) signals() *riskSum {
	r := &riskSum{signals: make([]Signal, 0, 12)}
	v.riskAuth(r)
	v.riskSender(r)
	v.riskLinks(r)
	v.riskAttachments(r)
	v.riskWords(r)
	v.riskReassure(r)
	return r
}

// finish turns the sum into the score.
func (r *riskSum) finish() Risk {
	score := int(max(0, min(100, r.score)))
	return Risk{Score: score, Level: Level(score), Signals: r.signals}
}

func (v *view) riskAuth(r *riskSum) {
	a := v.m.Auth
	if failed(a.DMARC) {
		r.add("dmarc_failed", v.org)
	}
	if failed(a.SPF) && !passed(a.DKIM) {
		r.add("spf_failed", v.org)
	}
	if failed(a.DKIM) && !passed(a.DMARC) {
		r.add("dkim_failed", v.org)
	}
	if passed(a.DMARC) {
		r.add("auth_passed", v.org)
	}
}

func failed(s string) bool {
	return s == "fail" || s == "softfail" || s == "permerror" || s == "hardfail"
}
func passed(s string) bool { return s == "pass" || s == "bestguesspass" }

func (v *view) riskSender(r *riskSum) {
	if v.host == "" {
		r.add("no_sender", "")
		return
	}
	if b := v.claimedBrand(); b != nil && !b.speaksFor(v.org) {
		r.add("display_name_brand", "“"+squeeze(v.name)+"” from "+v.host)
	}
	if at := strings.IndexByte(v.name, '@'); at > 0 {
		if _, h := splitAddress(firstWordWith(v.name, '@')); h != "" && strings.IndexByte(h, '.') > 0 && orgDomain(h) != v.org {
			r.add("display_name_address", "the name says "+h+", the address "+v.host)
		}
	}
	if target := v.lookAlike(v.org); target != "" {
		r.add("look_alike_domain", v.org+" imitates "+target)
	} else if target = v.contactLike(v.org); target != "" {
		r.add("look_alike_contact", v.org+" imitates "+target)
	}
	if strings.Contains(v.host, "xn--") {
		r.add("punycode", v.host)
	}
	if v.replyOrg != "" && v.replyOrg != v.org && !v.flags.list {
		switch s := senders().byHost(v.replyOrg); {
		case s != nil && s.kind == "free":
			r.add("reply_to_free_mail", v.replyOrg)
		case s == nil && (v.sender == nil || v.sender.kind == "free"):
			r.add("reply_to_elsewhere", v.replyOrg)
		}
	}
	if oddLocal(v.local) && !v.flags.list {
		r.add("odd_sender_address", v.local+"@"+v.host)
	}
	if oddDomain(v.org) {
		r.add("odd_sender_domain", v.org)
	}
	if mixedScripts(v.name) || mixedScripts(v.subject) {
		r.add("mixed_scripts", squeeze(v.name+" "+v.subject))
	}
	if v.flags.freeMail && (v.claimsCompany() || v.jobContext() >= 9 && !v.flags.reply) {
		r.add("free_mail_company", v.local+"@"+v.host)
	}
}

// claimsCompany reports whether the display name speaks for an organisation.
func (v *view) claimsCompany() bool {
	for _, w := range strings.Fields(foldText(v.name)) {
		switch w {
		case "team", "hr", "support", "department", "bank", "inc", "ltd", "llc", "gmbh", "company", "corp", "corporation", "service",
			"services", "office", "customer", "recruiting", "recruitment", "careers", "hiring", "admin", "security", "group", "foundation":
			return true
		}
	}
	return false
}

func firstWordWith(s string, c byte) string {
	for _, w := range strings.Fields(s) {
		if strings.IndexByte(w, c) >= 0 {
			return strings.Trim(w, "<>()\"',;")
		}
	}
	return ""
}

// oddLocal reports whether a local part looks made by a machine: long, and of letters and digits without sense.
func oddLocal(l string) bool {
	if len(l) < 8 || strings.ContainsAny(l, "+=#") {
		return false
	}
	if strings.Count(l, "_") >= 2 && strings.Trim(l[strings.LastIndexByte(l, '_')+1:], "0123456789") == "" {
		return true // "lina_stapley_72323"
	}
	changes, digits, vowels, letters := 0, 0, 0, 0
	prev := false
	for i := 0; i < len(l); i++ {
		d := l[i] >= '0' && l[i] <= '9'
		if d {
			digits++
		} else if l[i] >= 'a' && l[i] <= 'z' {
			letters++
			if strings.IndexByte("aeiouy", l[i]) >= 0 {
				vowels++
			}
		}
		if i > 0 && d != prev {
			changes++
		}
		prev = d
	}
	return changes >= 4 || letters >= 8 && vowels*6 < letters || digits >= 5 && letters >= 4 && changes >= 2
}

// oddDomain reports whether a domain has the marks of one made to be thrown away.
func oddDomain(org string) bool {
	label, tld, ok := strings.Cut(org, ".")
	if !ok {
		return false
	}
	for _, t := range []string{"top", "xyz", "icu", "click", "buzz", "rest", "cyou", "sbs", "cfd", "bond", "monster", "quest", "shop",
		"store", "online", "site", "website", "space", "fun", "live", "club", "vip", "work", "link", "loan", "win", "bid", "stream",
		"gdn", "tk", "ml", "ga", "cf", "gq", "beauty", "hair", "skin", "makeup", "autos", "boats", "homes", "yachts", "lol", "mom", "pw", "best", "gives", "sa.com", "za.com", "com.de",
		"it.com", "in.net", "ru.com", "uk.net", "us.com", "nl.com", "cam", "pro", "life", "world", "today", "digital"} {
		if tld == t {
			return true
		}
	}
	digits, hyphens := 0, strings.Count(label, "-")
	for i := 0; i < len(label); i++ {
		if label[i] >= '0' && label[i] <= '9' {
			digits++
		}
	}
	return len(label) > 24 || hyphens >= 3 || digits >= 4 && len(label) > digits
}

// mixedScripts reports whether one word mixes Latin letters with Cyrillic or Greek ones.
func mixedScripts(s string) bool {
	latin, other := false, false
	for _, r := range s {
		switch {
		case r < 0x80 && !unicode.IsLetter(r) || unicode.IsSpace(r):
			latin, other = false, false
		case r < 0x250:
			latin = true
		case r >= 0x370 && r <= 0x52F:
			other = true
		}
		if latin && other {
			return true
		}
	}
	return false
}

func (v *view) riskAttachments(r *riskSum) {
	for i := range v.m.Attachments {
		a := &v.m.Attachments[i]
		name := strings.ToLower(strings.TrimSpace(a.Filename))
		ext := name[strings.LastIndexByte(name, '.')+1:]
		switch {
		case strings.Contains(" exe scr pif com bat cmd vbs vbe js jse wsf hta lnk jar msi ps1 cpl iso img vhd reg dll ", " "+ext+" ") && name != "":
			r.once("executable_attachment", a.Filename)
		case (ext == "html" || ext == "htm" || ext == "shtml" || ext == "xhtml" || ext == "svg") && !a.Inline:
			r.once("html_attachment", a.Filename)
		case strings.Contains(" docm xlsm pptm xlam dotm xlsb ", " "+ext+" ") && name != "":
			r.once("macro_attachment", a.Filename)
		case strings.Contains(" zip rar 7z gz tgz cab ace arj z xz lzh ", " "+ext+" ") && name != "":
			r.once("archive_attachment", a.Filename)
		}
	}
}

func (r *riskSum) once(name, detail string) {
	if !r.has(name) {
		r.add(name, detail)
	}
}

// riskWords counts what the text says. Each theme counts in full only from a certain weight on, so that one word
// alone does not make a scam.
func (v *view) riskWords(r *riskSum) {
	themes := [...]struct {
		g    group
		name string
		full float64 // the weight of hits that counts in full
	}{
		{gCredentials, "asks_credentials", 14}, {gAskMoney, "asks_money", 12}, {gGiftCard, "asks_gift_cards", 12},
		{gIdentityPapers, "asks_identity_papers", 10}, {gCrypto, "crypto", 10}, {gPressure, "pressure", 6},
		{gAdvanceFee, "advance_fee", 28}, {gPrize, "prize", 16}, {gExtortion, "extortion", 28}, {gParcel, "parcel", 8},
		{gSpamGoods, "unwanted_goods", 30}, {gGreetingBlank, "nameless_greeting", 4}, {gFakeCheque, "fake_job_cheque", 10},
		{gFakeChat, "fake_job_chat", 10}, {gFakeFee, "fake_job_fee", 10}, {gFakeBank, "fake_job_bank", 10},
		{gFakePay, "fake_job_pay", 10},
	}
	for _, t := range themes {
		if share := min(1, v.sums[t.g]/t.full); share >= 0.3 {
			detail := ""
			if b := v.best[t.g]; b.weight > 0 {
				detail = "“" + squeeze(v.text[b.start:b.end]) + "”"
			}
			r.addShare(t.name, detail, share*share)
		}
	}
	if v.sums[gCredentials] >= 6 && len(v.html.anchors) > 0 && v.foreignLinks() {
		r.add("asks_credentials_by_link", v.html.anchors[0].host)
	}
	if len(v.toks) < 25 && v.html.images > 0 && len(v.html.anchors) > 0 {
		r.add("image_only", "")
	}
	if v.html.hidden >= 3 && !v.flags.unsubscribe {
		r.add("hidden_text", "")
	}
	if v.disguised() {
		r.add("disguised_letters", "")
	}
}

// disguised reports whether several words of the text mix alphabets or hold invisible signs.
func (v *view) disguised() bool {
	n := 0
	for i := 0; i < len(v.toks) && i < 400; i++ {
		w := v.text[v.toks[i].start:v.toks[i].end]
		for k := 0; k < len(w); k++ {
			if w[k] >= 0x80 {
				if mixedScripts(w) || strings.ContainsAny(w, "\u200b\u200c\u2060\u00ad\u034f") {
					n++
				}
				break
			}
		}
		if n >= 3 {
			return true
		}
	}
	return false
}

func (v *view) riskReassure(r *riskSum) {
	f := v.flags
	switch {
	case f.fromOwner && !failed(v.m.Auth.DMARC) && !failed(v.m.Auth.SPF):
		r.add("own_mail", "")
	case f.fromOwner:
		r.add("sender_is_reader", v.local+"@"+v.host)
	case f.known:
		r.add("known_correspondent", v.local+"@"+v.host)
	}
	if v.sender != nil && v.sender.kind != "free" && (passed(v.m.Auth.DMARC) || passed(v.m.Auth.DKIM)) {
		r.add("known_system", v.sender.name)
	}
	if f.list {
		r.add("mailing_list", v.m.List.ID)
	}
	if len(v.in.Thread) > 0 || f.list && f.reply && len(v.m.References) > 0 {
		r.add("conversation", "")
	}
}
