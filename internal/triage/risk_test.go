package triage_test

import (
	"testing"

	"applylens/internal/mail"
	"applylens/internal/triage"
)

func signals(v triage.Verdict) map[string]bool {
	m := map[string]bool{}
	for _, s := range v.Risk.Signals {
		m[s.Name] = true
	}
	return m
}

func TestRiskSignals(t *testing.T) {
	html := "Content-Type: text/html; charset=utf-8"
	tests := []struct {
		name string
		want string
		mail *mail.Message
	}{
		{"brand in the name", "display_name_brand", message("From: PayPal Service <x@pp-desk.example>", "Subject: hi", "", "hello")},
		{"brand written as one word", "display_name_brand", message("From: TrustWallet <x@medico.example>", "Subject: hi", "", "hello")},
		{"look-alike by edit", "look_alike_domain", message("From: Billing <x@paypa1.com>", "Subject: hi", "", "hello")},
		{"look-alike by skeleton", "look_alike_domain", message("From: Billing <x@rnicrosoft.com>", "Subject: hi", "", "hello")},
		{"link text", "link_text_mismatch", message("From: A <a@firm.example>", html, "", `<a href="http://evil.example/x">https://www.mybank.com/login</a>`)},
		{"raw address", "ip_link", message("From: A <a@firm.example>", html, "", `<a href="http://185.4.2.9/x">open</a>`)},
		{"brand in host", "brand_in_link", message("From: A <a@firm.example>", html, "", `<a href="https://paypal.com.check-id.example/x">open</a>`)},
		{"gift cards", "asks_gift_cards", message("From: Boss <boss.office1@gmail.com>", "", "Please buy gift cards, Steam card or Apple gift card, and send me the codes.")},
		{"equipment cheque", "fake_job_cheque", message("From: HR <hr@x.example>", "", "We will mail you a check to purchase your home office equipment from our vendor. Deposit the check.")},
		{"chat interview", "fake_job_chat", message("From: HR <hr@x.example>", "", "The interview will be held on Telegram. Message the hiring manager on Telegram.")},
		{"dmarc", "dmarc_failed", message("Authentication-Results: mx.example; spf=fail; dkim=none; dmarc=fail", "From: A <a@firm.example>", "", "hello")},
	}
	for _, tt := range tests {
		v := triage.Judge(triage.Input{Mail: tt.mail})
		if !signals(v)[tt.want] {
			t.Errorf("%s: no %s in %+v", tt.name, tt.want, v.Risk.Signals)
		}
	}
}

func TestRiskReassures(t *testing.T) {
	honest := message("From: PayPal <service@paypal.com>", "Authentication-Results: mx.example; spf=pass; dkim=pass; dmarc=pass",
		"Subject: Receipt", "", "You paid $12.00 to Blue Heron Books.")
	v := triage.Judge(triage.Input{Mail: honest})
	if s := signals(v); s["display_name_brand"] || s["look_alike_domain"] || v.Risk.Score >= 40 {
		t.Errorf("honest brand: %+v", v.Risk)
	}
	missing := message("From: Ann Lee <ann@firm.example>", "Subject: lunch", "", "Lunch on Friday?")
	for _, s := range triage.Judge(triage.Input{Mail: missing}).Risk.Signals {
		if s.Name == "dmarc_failed" || s.Name == "spf_failed" || s.Name == "dkim_failed" {
			t.Errorf("missing headers counted as failed: %+v", s)
		}
	}
	known := triage.Input{Mail: message("From: Ann <ann@mueller-bau.example>", "", "hi"), Known: map[string]bool{"ann@mueller-bau.example": true}}
	if !signals(triage.Judge(known))["known_correspondent"] {
		t.Error("a known correspondent is not reassuring")
	}
	forged := triage.Input{Mail: message("From: Ann <ann@muel1er-bau.example>", "", "new bank account, please wire the money"),
		Known: map[string]bool{"ann@mueller-bau.example": true}}
	if !signals(triage.Judge(forged))["look_alike_contact"] {
		t.Error("the imitation of a correspondent was not seen")
	}
}

func TestRiskIsTheSumOfItsSignals(t *testing.T) {
	v := triage.Judge(triage.Input{Mail: message("From: PayPal <x@pp.top>", "Content-Type: text/html", "",
		`<p>Dear Customer, verify your account within 24 hours or it will be suspended.</p><a href="http://1.2.3.4/">Verify</a>`)})
	sum := 0
	for _, s := range v.Risk.Signals {
		sum += s.Weight
		if s.Evidence == "" || s.Weight == 0 {
			t.Errorf("signal without evidence or weight: %+v", s)
		}
	}
	if want := max(0, min(100, sum)); v.Risk.Score != want {
		t.Errorf("score %d, signals sum to %d", v.Risk.Score, want)
	}
	if v.Risk.Score < 80 || v.Risk.Level != "critical" {
		t.Errorf("risk %d %s", v.Risk.Score, v.Risk.Level)
	}
}

func TestVerdictIsComplete(t *testing.T) {
	for _, m := range []*mail.Message{nil, {}, message("", ""), message("From: <>", "Subject: \xff\xfe", "", "\xc3\x28 \x00"),
		message("Content-Type: text/html", "", "<a href='http://xn--pypal-4ve.com'><a <a<<<a href=")} {
		v := triage.Judge(triage.Input{Mail: m})
		sum := 0.0
		for _, p := range v.Categories {
			sum += p
		}
		if sum < 0.999 || sum > 1.001 || v.Category == "" || v.Priority == "" || v.Risk.Level == "" {
			t.Errorf("%+v", v)
		}
	}
}
