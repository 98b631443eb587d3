package triage

import "testing"

func TestPattern(t *testing.T) {
	for in, want := range map[string]string{
		"Re: Your order #4711-A has shipped":  "your order a has shipped",
		"Your order 99 has shipped":           "your order has shipped",
		"AW: Fwd: Invoice 2026-11 (November)": "invoice november",
		"Report: numbers":                     "report numbers",
		"":                                    "",
		"12345":                               "",
		"one two three four five six seven eight nine": "one two three four five six seven eight",
	} {
		if got := Pattern(in); got != want {
			t.Errorf("Pattern(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCorrected(t *testing.T) {
	const person, system = "ann@example.org", "no-reply@greenhouse.io"
	fix := func(sender, subject string, c Category) Correction { return Correction{sender, Pattern(subject), c} }
	for name, c := range map[string]struct {
		sender, subject string
		learned         []Correction
		want            Category
	}{
		"nothing learned":                  {person, "Hello", nil, Newsletter},
		"a person, once, another subject":  {person, "Hello", []Correction{fix(person, "Other words", Personal)}, Personal},
		"a system, once, another subject":  {system, "Your application", []Correction{fix(system, "Take this test", Assessment)}, Newsletter},
		"a system, once, the same shape":   {system, "Take this test 2", []Correction{fix(system, "Take this test 1", Assessment)}, Assessment},
		"a system, twice, another subject": {system, "New", []Correction{fix(system, "A b", Rejection), fix(system, "C d", Rejection)}, Rejection},
		"corrections that disagree":        {person, "New", []Correction{fix(person, "A b", Rejection), fix(person, "C d", Personal)}, Newsletter},
		"an address that is new each time, twice": {"reply-c@ats.example", "Your test for Acme 3", []Correction{
			fix("reply-b@ats.example", "Your test for Acme 2", Assessment), fix("reply-a@ats.example", "Your test for Acme 1", Assessment)}, Assessment},
		"an address that is new each time, once": {"reply-c@ats.example", "Your test for Acme 3", []Correction{
			fix("reply-b@ats.example", "Your test for Acme 2", Assessment)}, Newsletter},
		"a short subject says nothing by itself": {"c@x.example", "Hello", []Correction{fix("a@x.example", "Hello", Rejection), fix("b@x.example", "Hello", Rejection)}, Newsletter},
		"what disagrees about a shape": {"c@x.example", "Your test for Acme 3", []Correction{
			fix("a@x.example", "Your test for Acme", Rejection), fix("b@x.example", "Your test for Acme", Personal)}, Newsletter},
		"the newest of the same shape decides": {person, "A b", []Correction{fix(person, "A b", Rejection), fix(person, "A b", Personal)}, Rejection},
	} {
		v := Verdict{Category: Newsletter, Confidence: 0.4, NeedsReview: true}.Corrected(c.sender, c.subject, c.learned)
		if v.Category != c.want {
			t.Errorf("%s: %s, want %s", name, v.Category, c.want)
		}
		if taught := c.want != Newsletter; taught != (len(v.Why) == 1) || taught == v.NeedsReview {
			t.Errorf("%s: why %v, needs review %v", name, v.Why, v.NeedsReview)
		}
	}
}
