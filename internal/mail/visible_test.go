package mail

import (
	"strings"
	"testing"
	"unicode"
)

func TestVisibleText(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing to strip": {"Hello Jane,\n\nsee you.", "Hello Jane,\n\nsee you."},
		"english":          {"Yes.\n\nOn Mon, 5 Jan 2026 at 10:00, Jane Doe <jane@example.com> wrote:\n\n> Can you?\n", "Yes."},
		"english, 3 lines": {"Yes.\n\nOn Mon, Jan 5, 2026 at 10:00 AM, Jane Doe <\njane.with.a.long.address@example.com>\nwrote:\n\nCan you?\n", "Yes."},
		"german":           {"Ja.\n\nAm 05.01.2026 um 10:00 schrieb Jane Doe <jane@example.com>:\n> Kannst du?", "Ja."},
		"german, wrapped":  {"Ja.\n\nAm Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Jane Doe <\njane@example.com>:\n\n> Kannst du?", "Ja."},
		"french":           {"Oui.\n\nLe lun. 5 janv. 2026 à 10:00, Jane Doe <jane@example.com> a écrit :\n\n> Peux-tu ?", "Oui."},
		"spanish":          {"Sí.\n\nEl lun, 5 ene 2026 a las 10:00, Jane Doe (<jane@example.com>) escribió:\n\n> ¿Puedes?", "Sí."},
		"portuguese":       {"Sim.\n\nEm seg., 5 de jan. de 2026 às 10:00, Jane Doe <jane@example.com>\nescreveu:\n\n> Pode?", "Sim."},
		"dutch":            {"Ja.\n\nOp ma 5 jan 2026 om 10:00 schreef Jane Doe <jane@example.com>:\n\n> Kan je?", "Ja."},
		"italian":          {"Sì.\n\nIl giorno lun 5 gen 2026 alle ore 10:00 Jane Doe <jane@example.com> ha scritto:\n\n> Puoi?", "Sì."},
		"swedish":          {"Ja.\n\nDen mån 5 jan. 2026 kl 10:00 skrev Jane Doe <jane@example.com>:\n\n> Kan du?", "Ja."},
		"polish":           {"Tak.\n\nW dniu 5.01.2026 o 10:00 Jane Doe pisze, napisał:\n> Możesz?", "Tak."},
		"russian":          {"Да.\n\nпн, 5 янв. 2026 г. в 10:00, Jane Doe <jane@example.com>:\n\n> Можешь?", "Да.\n\nпн, 5 янв. 2026 г. в 10:00, Jane Doe <jane@example.com>:\n\n> Можешь?"},
		"outlook":          {"Yes.\n\n________________________________\nFrom: Jane Doe <jane@example.com>\nSent: Monday, January 5, 2026 10:00\nTo: Joe\nSubject: RE: Job\n\nCan you?", "Yes."},
		"outlook german":   {"Ja.\n\nVon: Jane Doe\nGesendet: Montag, 5. Januar 2026 10:00\nAn: Joe\nBetreff: AW: Stelle\n\nKannst du?", "Ja."},
		"outlook french":   {"Oui.\n\nDe : Jane Doe\nEnvoyé : lundi 5 janvier 2026 10:00\nÀ : Joe\nObjet : RE: Poste\n\nPeux-tu ?", "Oui."},
		"outlook spanish":  {"Sí.\n\nDe: Jane Doe\nEnviado el: lunes, 5 de enero de 2026 10:00\nPara: Joe\nAsunto: RE: Puesto\n\n¿Puedes?", "Sí."},
		"outlook dutch":    {"Ja.\n\nVan: Jane Doe\nVerzonden: maandag 5 januari 2026 10:00\nAan: Joe\nOnderwerp: RE: Baan\n\nKan je?", "Ja."},
		"original message": {"Yes.\n\n-----Original Message-----\nFrom: Jane\nSubject: Job\n\nCan you?", "Yes."},
		"original german":  {"Ja.\n\n-----Ursprüngliche Nachricht-----\nKannst du?", "Ja."},
		"inline answers":   {"On 5 Jan 2026 Jane Doe wrote:\n> Can you come?\n\nYes, at ten.\n\n> And bring papers?\n\nNo.", "Yes, at ten.\n\nNo."},
		"below the quote":  {"Jane Doe wrote on 5 Jan 2026:\n> Can you come?\n> Really?\nYes.", "Yes."},
		"broken quote":     {"> a long line of quoted text that some program wrapped without marking the\nrest of it\n> and on\n\nMy answer.", "My answer."},
		"no date":          {"Jane Doe wrote:\n\n> Can you come?\n> Really?\n\nYes.", "Yes."},
		"short quote":      {"Jane Doe wrote:\n> Can you come?\n\nYes.", "Yes."},
		"arrows":           {"News:\n\n> Read more\n\nOther:\n\n> Read that", "News:\n\n> Read more\n\nOther:\n\n> Read that"},
		"an itinerary":     {"Your trip\n\nFrom: Berlin\nTo: Munich\nDate: 5 Jan 2026\n\nHave fun", "Your trip\n\nFrom: Berlin\nTo: Munich\nDate: 5 Jan 2026\n\nHave fun"},
		"an invitation":    {"Please come:\n\nDate: Monday\nTime: 10:00\nPlace: Room 1", "Please come:\n\nDate: Monday\nTime: 10:00\nPlace: Room 1"},
		"bare forward":     {"FYI\n\n---------- Forwarded message ---------\nFrom: Jane <jane@example.com>\nSubject: Job\n\nCan you?", "FYI\n\n---------- Forwarded message ---------\nFrom: Jane <jane@example.com>\nSubject: Job\n\nCan you?"},
		"forward with say": {"I do not think that we should take this offer, do you?\n\n---------- Forwarded message ---------\nFrom: Jane\n\nCan you?", "I do not think that we should take this offer, do you?"},
		"only a quote":     {"> Can you come?\n> Today?", "Can you come?\nToday?"},
		"outlook forward":  {"From: Jane Doe <jane@example.com>\nSent: Monday\nTo: Joe\nSubject: Job\n\nCan you?", "From: Jane Doe <jane@example.com>\nSent: Monday\nTo: Joe\nSubject: Job\n\nCan you?"},
		"delimiter":        {"Hello.\n\n-- \nJane Doe\nAcme", "Hello."},
		"sign-off":         {"We are glad to invite you.\n\nBest regards,\nJane Doe\nRecruiter, Acme\n+1 555 0100", "We are glad to invite you."},
		"sign-off german":  {"Wir laden Sie ein.\n\nMit freundlichen Grüßen\nJane Doe", "Wir laden Sie ein."},
		"postscript":       {"Hello.\n\nBest,\nJane\n\nPS: bring your papers", "Hello.\n\nBest,\nJane\n\nPS: bring your papers"},
		"thanks for":       {"Hello,\n\nThanks for applying to Acme\n\nWe will look at it and come back to you with the next steps.", "Hello,\n\nThanks for applying to Acme\n\nWe will look at it and come back to you with the next steps."},
		"iphone":           {"Yes.\n\nSent from my iPhone", "Yes."},
		"iphone german":    {"Ja.\n\nVon meinem iPhone gesendet", "Ja."},
		"iphone french":    {"Oui.\n\nEnvoyé de mon iPhone", "Oui."},
		"outlook mobile":   {"Yes.\n\nGet Outlook for iOS<https://aka.ms/o0ukef>", "Yes."},
		"disclaimer":       {"You are invited.\n\nThis email and any attachments are confidential and intended solely for the use of the individual to whom they are addressed.\n\nIf you are not the intended recipient, delete it.", "You are invited."},
		"list footer":      {"I disagree.\n\n_______________________________________________\nRazor-users mailing list\nrazor@example.com\nhttps://lists.example.com/listinfo/razor", "I disagree."},
		"google group":     {"I disagree.\n\n-- \nYou received this message because you are subscribed to the Google Groups \"x\" group.\nTo unsubscribe, write to x@example.com.", "I disagree."},
		"all at the end":   {"You are invited.\n\nBest regards,\nJane\n\nSent from my phone\n\nCONFIDENTIALITY NOTICE: this is secret.\n\nOn 5 Jan 2026 Joe wrote:\n> x\n> y", "You are invited."},
		"empty":            {"", ""},
		"only a signature": {"--\nJane", "--\nJane"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := VisibleText(c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRenderHTML(t *testing.T) {
	for name, c := range map[string]struct{ html, text, visible string }{
		"blocks":         {"<html><head><title>no</title><style>x{}</style></head><body><h1>A</h1><p>b <i>c</i>\n d</p><div>e<br>f</div></body>", "A\n\nb c d\n\ne\nf", ""},
		"lists":          {"<ul><li>one<li>two</ul><ol><li>x</li><li>y</li></ol>", "- one\n- two\n1. x\n2. y", ""},
		"table":          {"<table><tr><th>Role</th><td>Engineer</td></tr><tr><td>Pay<td>10</table>", "Role Engineer\nPay 10", ""},
		"links":          {`Click <a href="https://example.com">here</a>. <img src=x alt="Logo">`, "Click here. Logo", ""},
		"hidden":         {`<div style="display:none">secret</div><span style="font-size:0px">s2</span><p hidden>s3</p><div style="max-height:0;overflow:hidden">s4</div>shown`, "shown", ""},
		"zero font":      {`<td style="font-size:0">gone<div style="font-size:14px">kept</div></td>`, "kept", ""},
		"hidden, broken": {`<div style="display:none">a<p>b</div>shown`, "shown", ""},
		"filler":         {"Hi&zwnj;&nbsp;&zwnj;&nbsp;&#847; there&shy;fore", "Hi therefore", ""},
		"entities":       {"a &lt;b&gt; &amp; &eacute; &#8364;", "a <b> & é €", ""},
		"script":         {"a<script>if (a<b) {}</script>b<!-- c -->", "ab", ""},
		"pre":            {"<pre>a  b\n c</pre>", "a  b\n c", ""},
		"unclosed":       {"<p>a<p>b<td>c</div></span>", "a\n\nb c", ""},
		"gmail":          {`<div>Yes</div><div class="gmail_quote"><div class="gmail_attr">On 5 Jan 2026 Jane wrote:<br></div><blockquote class="gmail_quote">Can you?</blockquote></div>`, "", "Yes"},
		"gmail inline":   {`<div class="gmail_quote"><div class="gmail_attr">On 5 Jan 2026 Jane wrote:<br></div><blockquote class="gmail_quote">Can you?</blockquote><div>Yes, I can.</div><blockquote class="gmail_quote">And when?</blockquote><div>At ten.</div></div>`, "", "Yes, I can.\n\nAt ten."},
		"gmail forward":  {`<div class="gmail_quote">---------- Forwarded message ---------<br>From: Jane<br>Subject: Job<br><br>Can you?</div>`, "", "---------- Forwarded message ---------\nFrom: Jane\nSubject: Job\n\nCan you?"},
		"apple":          {`Yes<blockquote type="cite">On 5 Jan 2026 Jane wrote: Can you?</blockquote>`, "", "Yes"},
		"thunderbird":    {`<div class="moz-cite-prefix">Am 5.1.26 schrieb Jane:</div><blockquote type="cite">Kannst du?</blockquote><p>Ja</p>`, "", "Ja"},
		"outlook":        {`<div>Yes</div><hr><div id="divRplyFwdMsg"><b>From:</b> Jane &lt;j@example.com&gt;<br><b>Sent:</b> Monday<br><b>To:</b> Joe<br><b>Subject:</b> Job</div><div>Can you?</div>`, "", "Yes"},
		"yahoo":          {`<div>Yes</div><div id="yahoo_quoted_1" class="yahoo_quoted"><div>On Monday, January 5, 2026, Jane wrote:</div>Can you?</div>`, "", "Yes"},
		"plain block":    {`Terms:<blockquote>Be kind</blockquote>Bye`, "Terms:\n\nBe kind\n\nBye", "Terms:\n\nBe kind\n\nBye"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Parse([]byte("Content-Type: text/html; charset=utf-8\n\n" + c.html))
			if c.text != "" && m.Text != c.text {
				t.Errorf("text %q, want %q", m.Text, c.text)
			}
			if c.visible != "" && m.VisibleText != c.visible {
				t.Errorf("visible %q, want %q", m.VisibleText, c.visible)
			}
		})
	}
}

// TestTalonFixtures runs the replies of talon's test set: each says "Hello" or what stands beside it.
func TestTalonFixtures(t *testing.T) {
	files := corpus(t, "mime", func(path string) bool { return strings.Contains(path, "talon/tests/fixtures/") })
	seen := 0
	for name, raw := range files {
		switch {
		case strings.Contains(name, "standard_replies/") && strings.HasSuffix(name, ".eml"):
			want := "Hello"
			if text, ok := files[strings.TrimSuffix(name, ".eml")+"_reply_text"]; ok {
				want = VisibleText(string(text)) // without the signature
			}
			if got := Parse(raw).VisibleText; got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		case strings.Contains(name, "html_replies/"):
			got := Parse(append([]byte("Content-Type: text/html; charset=utf-8\n\n"), raw...)).VisibleText
			if strings.Join(strings.Fields(got), " ") != "Hi. I am fine." {
				t.Errorf("%s: got %q", name, got)
			}
		default:
			continue
		}
		seen++
	}
	if seen != 21 {
		t.Errorf("%d fixtures, want 21", seen)
	}
}

func FuzzVisibleText(f *testing.F) {
	f.Add("Yes.\n\nOn 5 Jan 2026 Jane <j@x> wrote:\n> Can you?\n-- \nsig")
	f.Add("Von: a@b\nGesendet: heute\nAn: c\n\nÀ : é\n\u2003x：\n> wrote:\n<\n")
	f.Add("- a\n-b\nBest,\nJ\n_____\nmailing list\nİ On 1 wrote:")
	f.Fuzz(func(t *testing.T, text string) {
		got := VisibleText(text)
		if len(got) > len(text) {
			t.Errorf("longer than the text: %q from %q", got, text)
		}
		if strings.TrimFunc(text, func(r rune) bool { return r == '>' || unicode.IsSpace(r) }) != "" && strings.TrimSpace(got) == "" && len(text) < 1000 {
			t.Errorf("nothing left of %q", text)
		}
	})
}
