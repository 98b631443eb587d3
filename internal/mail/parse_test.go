package mail

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// crlf turns a readable message into one with the line ends of mail.
func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

func TestCharsets(t *testing.T) {
	for name, c := range map[string]struct{ charset, body, want string }{
		"windows-1252":       {"windows-1252", "\x80 5 \x96 caf\xe9", "€ 5 – café"},
		"latin1 that is not": {"iso-8859-1", "caf\xc3\xa9", "café"},
		"windows-1251":       {"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		"koi8-r":             {"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		"gb2312":             {"gb2312", "\xc4\xe3\xba\xc3", "你好"},
		"big5":               {"big5", "\xa7A\xa6n", "你好"},
		"iso-2022-jp":        {"iso-2022-jp", "\x1b$B$3$s$K$A$O\x1b(B", "こんにちは"},
		"shift_jis":          {"shift_jis", "\x82\xb1\x82\xf1\x82\xc9\x82\xbf\x82\xcd", "こんにちは"},
		"euc-kr":             {"ks_c_5601-1987", "\xbe\xc8\xb3\xe7", "안녕"},
		"utf-7":              {"utf-7", "Hi +Jjo-! a+AOk-b 1+-1", "Hi ☺! aéb 1+1"},
		"unknown-8bit":       {"unknown-8bit", "caf\xc3\xa9", "café"},
		"unknown name":       {"x-nonsense", "Stra\xdfe, sch\xf6n gr\xfc\xdfen", "Straße, schön grüßen"},
		"none, Cyrillic":     {"", "\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0? \xdf \xf5\xee\xf2\xe5\xeb \xf1\xef\xf0\xee\xf1\xe8\xf2\xfc", "Привет, как дела? Я хотел спросить"},
		"none, Chinese":      {"", "\xc4\xe3\xba\xc3\xca\xc0\xbd\xe7\xa3\xac\xd5\xe2\xca\xc7\xd2\xbb\xb7\xe2\xd3\xca\xbc\xfe", "你好世界，这是一封邮件"},
		"utf-8 but one byte": {"utf-8", "caf\xc3\xa9 \xff ok", "café \uFFFD ok"},
		"NUL":                {"us-ascii", "a\x00b", "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			header := "From: a@example.com\nSubject: x\nContent-Type: text/plain; charset=" + c.charset + "\n\n"
			if c.charset == "" {
				header = "From: a@example.com\nSubject: x\n\n"
			}
			if got := Parse([]byte(header + c.body)).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"Subject: =?utf-8?Q?caf=C3=A9_au_lait?=", "café au lait"},
		{"Subject: =?utf-8?B?Y2Fmww==?=\n =?utf-8?B?qSBhdQ==?= lait", "café au lait"},
		{"Subject: =?UTF-8?Q?caf=C3?= =?UTF-8?Q?=A9?=", "café"},
		{"Subject: a =?iso-8859-1?q?=E9?= b =?iso-8859-1?q?=E9?=", "a é b é"},
		{"Subject: =?utf-8?Q?with blanks inside?=", "with blanks inside"},
		{"Subject: =?utf-8?X?broken?= =?", "=?utf-8?X?broken?= =?"},
		{"Subject: caf\xe9 cr\xe8me", "café crème"},
		{"Subject: caf\xc3\xa9", "café"},
		{"Subject: folded\n\tline", "folded line"},
		{"Subject : odd blank", "odd blank"},
		{"Subject: =?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=", "こんにちは"},
		{"Subject: nul\x00 and\x07bell", "nul and bell"},
		{"X-First: 1\nnot a header line\nSubject: kept", "kept"},
	} {
		if got := Parse([]byte(c.raw + "\nFrom: a@example.com\n\nbody")).Subject; got != c.want {
			t.Errorf("%q: got %q, want %q", c.raw, got, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"a@example.com", "<a@example.com>"},
		{"Jane Doe <jane@example.com>", "Jane Doe<jane@example.com>"},
		{`"Doe, Jane" <jane@example.com>, joe@example.com`, "Doe, Jane<jane@example.com>|<joe@example.com>"},
		{"Doe, Jane <jane@example.com>", "Doe, Jane<jane@example.com>"},
		{"jane@example.com (Jane Doe)", "Jane Doe<jane@example.com>"},
		{"=?utf-8?Q?Doe=2C_J=C3=BCrgen?= <j@example.com>", "Doe, Jürgen<j@example.com>"},
		{`"=?utf-8?B?SsO8cmdlbg==?=" <j@example.com>`, "Jürgen<j@example.com>"},
		{"Team: a@example.com, B <b@example.com>;, c@example.com", "<a@example.com>|B<b@example.com>|<c@example.com>"},
		{"undisclosed-recipients:;", ""},
		{"a@example.com; b@example.com", "<a@example.com>|<b@example.com>"},
		{"<@relay,@other:a@example.com>", "<a@example.com>"},
		{"Jane <jane@example.com", "Jane<jane@example.com>"},
		{`"Jane \"JD\" Doe" <jane@example.com>`, `Jane "JD" Doe<jane@example.com>`},
		{`"service@paypal.com" <evil@example.net>`, "service@paypal.com<evil@example.net>"},
		{"'Jane' <jane@example.com>", "Jane<jane@example.com>"},
		{"J\xfcrgen <j@example.com>", "Jürgen<j@example.com>"},
		{"Jane Doe (Acme) <jane@example.com>", "Jane Doe (Acme)<jane@example.com>"},
		{"mailto:a@example.com", "<a@example.com>"},
		{"<>", ""},
		{"Nobody", "Nobody<>"},
	} {
		var got []string
		for _, a := range parseAddresses(c.raw, "") {
			got = append(got, a.Name+"<"+a.Address+">")
		}
		if s := strings.Join(got, "|"); s != c.want {
			t.Errorf("%q: got %q, want %q", c.raw, s, c.want)
		}
	}
}

func TestFromHeaders(t *testing.T) {
	m := Parse([]byte("From: first@example.com\nFrom: second@example.com\n\n"))
	if len(m.From) != 1 || m.From[0].Address != "first@example.com" || len(m.Warnings) == 0 {
		t.Errorf("two From headers: %+v, %q", m.From, m.Warnings)
	}
	m = Parse([]byte("From:\nSender: s@example.com\n\n"))
	if len(m.From) != 1 || m.From[0].Address != "s@example.com" {
		t.Errorf("empty From: %+v", m.From)
	}
}

func TestDates(t *testing.T) {
	for raw, want := range map[string]string{
		"Tue, 1 Jul 2003 10:52:37 +0200":         "2003-07-01T10:52:37+02:00",
		"1 Jul 2003 10:52 +0200":                 "2003-07-01T10:52:00+02:00",
		"Tue,  1 Jul 03 10:52:37 EST":            "2003-07-01T10:52:37-05:00",
		"Tue, 01 Jul 2003 10:52:37 GMT (x)":      "2003-07-01T10:52:37Z",
		"Tue Jul  1 10:52:37 2003":               "2003-07-01T10:52:37Z",
		"Fri=2C 28 Sep 2012 10:55:48 +0000":      "2012-09-28T10:55:48Z",
		"2003-07-01T10:52:37Z":                   "2003-07-01T10:52:37Z",
		"2003-07-01 10:52:37 +02:00":             "2003-07-01T10:52:37+02:00",
		"Tue, 1 Jul 2003 10:52:37 GMT+02:00":     "2003-07-01T10:52:37+02:00",
		"07/01/2003 10:52:37 PM":                 "2003-07-01T22:52:37Z",
		"01.07.2003 10:52":                       "2003-07-01T10:52:00Z",
		"Wed, 17 Dez 2008 21:32:42 +0100":        "2008-12-17T21:32:42+01:00",
		"Tue, 1 Jul 2003 10:52:37 -0000":         "2003-07-01T10:52:37Z",
		"Tuesday, 1 July 2003 10:52:37 am -0700": "2003-07-01T10:52:37-07:00",
		"Sun, 31 Feb 2003 10:00:00 +0000":        "2003-03-03T10:00:00Z",
		"soon":                                   "",
		"":                                       "",
		"Mon, 99 Jul 2003 10:52:37 +0200":        "",
		"1 Jul 99999 10:52:37 +0200":             "",
	} {
		got := ""
		if at, ok := parseDate(raw); ok {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", raw, got, want)
		}
	}
	m := Parse([]byte("From: a@example.com\nReceived: from x by y; Tue, 1 Jul 2003 10:52:37 +0200\nDate: whenever\n\n"))
	if m.Date.IsZero() || len(m.Warnings) != 1 {
		t.Errorf("no fallback to Received: %v, %q", m.Date, m.Warnings)
	}
	m = Parse([]byte("From a@example.com Tue Jul  1 10:52:37 2003\nFrom: a@example.com\n\nbody"))
	if m.Date.Year() != 2003 || m.Text != "body" {
		t.Errorf("mailbox line: %v, %q", m.Date, m.Text)
	}
}

func TestStructure(t *testing.T) {
	const head = "From: a@example.com\nDate: Tue, 1 Jul 2003 10:52:37 +0200\nMIME-Version: 1.0\n"
	for name, c := range map[string]struct{ raw, text, html, files string }{
		"plain":              {head + "\nhello\n", "hello\n", "", ""},
		"no header":          {"just text\nof two lines", "just text\nof two lines", "", ""},
		"header only":        {head, "", "", ""},
		"bare CR":            {strings.ReplaceAll(head+"\nhello\nthere", "\n", "\r"), "hello\nthere", "", ""},
		"alternative":        {head + "Content-Type: multipart/alternative; boundary=\"=_b\"\n\npre\n--=_b\n\nplain\n--=_b\nContent-Type: text/html\n\n<p>html\n--=_b--\npost", "plain", "<p>html", ""},
		"html only":          {head + "Content-Type: text/html\n\n<p>Hello <b>there</b></p><p>Bye", "Hello there\n\nBye", "<p>Hello <b>there</b></p><p>Bye", ""},
		"no end":             {head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Disposition: attachment; filename=x.txt\n\ntwo", "one", "", "x.txt:3"},
		"no boundary given":  {head + "Content-Type: multipart/mixed\n\n--zzzz\nContent-Type: text/plain\n\none\n--zzzz\nContent-Type: image/png; name=a.png\n\npng\n--zzzz--", "one", "", "a.png:3"},
		"wrong boundary":     {head + "Content-Type: multipart/mixed; boundary=other\n\nno parts here", "no parts here", "", ""},
		"similar boundaries": {head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none --b\n--bb\n--b--\n", "one --b\n--bb", "", ""},
		"base64 with junk":   {head + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\naGVs!bG8\n*gd29y bGQ=\nfooter", "hello world", "", ""},
		"quoted-printable":   {head + "Content-Transfer-Encoding: Quoted-Printable\n\na=3Db=20\n=XYsoft=  \nbreak=", "a=b \n=XYsoftbreak", "", ""},
		"unknown encoding":   {head + "Content-Transfer-Encoding: x-magic\n\nas is", "as is", "", ""},
		"flowed":             {head + "Content-Type: text/plain; format=flowed\n\nA long \nline.\n> quoted \n> too\n-- \nsig", "A long line.\n> quoted too\n-- \nsig\n", "", ""},
		"rfc2231":            {head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*0*=utf-8''R%C3%A9; filename*1*=sum%C3%A9; filename*2=.pdf\n\npdf\n--b--", "x", "", "Résumé.pdf:3"},
		"rfc2047 name":       {head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/pdf; name=\"=?utf-8?Q?R=C3=A9sum=C3=A9.pdf?=\"\n\npdf\n--b--", "x", "", "Résumé.pdf:3"},
		"path in name":       {head + "Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"..\\..\\etc/evil.pdf\"\n\npdf", "", "", "evil.pdf:3"},
		"rfc822":             {head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nmine\n--b\nContent-Type: message/rfc822\n\nSubject: Old news\n\ntheirs\n--b--", "mine", "", "Old news.eml:25"},
		"inline image":       {head + "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src=cid:1>\n--b\nContent-Type: image/png\nContent-ID: <1>\n\npng\n--b--", "", "<img src=cid:1>", ":3"},
		"text attachment":    {head + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n--b\nContent-Type: text/plain; name=notes.txt\n\nnotes\n--b--", "body", "", "notes.txt:5"},
		"list footer":        {head + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Hi</p>\n--b\nContent-Type: text/plain\n\nfoot & note\n--b--", "Hi\nfoot & note", `<p>Hi</p><div style="white-space: pre-wrap">foot &amp; note</div>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, raw := range [][]byte{[]byte(c.raw), crlf(c.raw)} {
				if name == "bare CR" && strings.Contains(string(raw), "\n") {
					continue
				}
				m := Parse(raw)
				checkMessage(t, name, m)
				var files []string
				for _, a := range m.Attachments {
					size := len(strings.ReplaceAll(string(a.Data), "\r", ""))
					files = append(files, a.Filename+":"+string(rune('0' + size/10))[:1]+string(rune('0'+size%10)))
				}
				for i := range files {
					files[i] = strings.Replace(files[i], ":0", ":", 1)
				}
				if m.Text != c.text || strings.ReplaceAll(m.HTML, "\r", "") != c.html || strings.Join(files, "|") != c.files {
					t.Errorf("text %q, html %q, files %q; want %q, %q, %q", m.Text, m.HTML, files, c.text, c.html, c.files)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	nested := "Content-Type: multipart/mixed; boundary=b0\n\n"
	for i := range 60 {
		id := string(rune('a'+i%26)) + strings.Repeat("x", i)
		nested = strings.Replace(nested, "b0", id, 1)
		nested += "--" + id + "\nContent-Type: multipart/mixed; boundary=b0\n\n"
	}
	for name, raw := range map[string]string{
		"depth":  nested,
		"parts":  "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 20*MaxParts),
		"header": "Subject: " + strings.Repeat("long ", MaxHeaderBytes) + "\n\nbody",
		"fields": strings.Repeat("X: y\n", 10*MaxHeaders) + "\nbody",
		"text":   "Subject: x\n\n" + strings.Repeat("word ", MaxTextBytes),
		"html":   "Content-Type: text/html\n\n" + strings.Repeat("<div><b>word ", MaxTextBytes/4),
		"quotes": "Subject: x\n\n" + strings.Repeat("On 1 May 2020 x wrote\n> a:\n", 50000),
		"to":     "To: " + strings.Repeat("a@example.com, ", 10000) + "\n\nbody",
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			m := Parse([]byte(raw))
			checkMessage(t, name, m)
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			if name != "quotes" && name != "to" && len(m.Warnings) < 2 { // beside the missing From
				t.Errorf("no warning: %q", m.Warnings)
			}
			if len(m.To) > MaxAddresses {
				t.Errorf("%d addresses", len(m.To))
			}
		})
	}
}

func TestAuthAndList(t *testing.T) {
	m := Parse([]byte("Authentication-Results: mx.example.com; dkim=fail (bad=pass) header.i=@x; dkim=pass header.i=@y;\n spf=softfail smtp.mailfrom=z; dmarc=pass (p=REJECT)\n" +
		"Received-SPF: pass\nReceived: from a\nAuthentication-Results: evil.example; spf=pass; dkim=pass; dmarc=pass\n" +
		"ARC-Authentication-Results: i=1; spf=pass\nList-Id: News of Acme <news.acme.example>\n" +
		"List-Unsubscribe: <mailto:u@acme.example>,\n <https://acme.example/u?a=1,2>, <javascript:x>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nx"))
	if m.Auth != (Auth{SPF: "softfail", DKIM: "pass", DMARC: "pass"}) {
		t.Errorf("got %+v", m.Auth)
	}
	if m.List.ID != "news.acme.example" || strings.Join(m.List.Unsubscribe, " ") != "mailto:u@acme.example https://acme.example/u?a=1,2" || !m.List.OneClick {
		t.Errorf("got %+v", m.List)
	}
	if got := Parse([]byte("Received-SPF: SoftFail (x)\nReceived: a\n\n")).Auth; got != (Auth{SPF: "softfail"}) {
		t.Errorf("Received-SPF: %+v", got)
	}
	if got := Parse([]byte("Received: a\nReceived: b\nReceived-SPF: pass\n\n")).Auth; got != (Auth{}) {
		t.Errorf("an old Received-SPF counts: %+v", got)
	}
}

func TestIDs(t *testing.T) {
	m := Parse([]byte("Message-ID: <1@x>\nIn-Reply-To: Your message of \"Tue\" <2@x>\nReferences: <3@x>\n <2@x> <3@x> <br oken@x>\n\n"))
	if m.MessageID != "1@x" || m.InReplyTo != "2@x" || strings.Join(m.References, " ") != "3@x 2@x broken@x" {
		t.Errorf("got %q, %q, %q", m.MessageID, m.InReplyTo, m.References)
	}
}

func TestJSON(t *testing.T) {
	for name, m := range map[string]*Message{"parsed": Parse(nil), "zero": {}} {
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"references", "from", "to", "cc", "bcc", "reply_to", "attachments", "calendar", "warnings"} {
			if _, ok := v[key].([]any); !ok {
				t.Errorf("%s: %s is %v", name, key, v[key])
			}
		}
		if date, has := v["date"]; !has || date != nil {
			t.Errorf("%s: date is %v", name, date)
		}
	}
	b, err := json.Marshal(Parse([]byte("Date: Tue, 1 Jul 2003 10:52:37 +0200\n\n")))
	if err != nil || !strings.Contains(string(b), `"date":"2003-07-01T10:52:37+02:00"`) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestTNEF(t *testing.T) {
	attr := func(id uint32, v string) string {
		n := len(v)
		return "\x02" + string([]byte{byte(id), byte(id >> 8), byte(id >> 16), byte(id >> 24), byte(n), byte(n >> 8), byte(n >> 16), 0}) + v + "\x00\x00"
	}
	stream := "\x78\x9f\x3e\x22\x01\x00" + attr(tnefCodePage, "\xe4\x04\x00\x00\x00\x00\x00\x00") + attr(tnefBody, "Hello caf\xe9\x00") +
		attr(tnefAttachRendData, strings.Repeat("\x00", 14)) + attr(tnefAttachTitle, "R\xe9sum\xe9.pdf\x00") + attr(tnefAttachData, "PDF")
	mail := func(data string) *Message {
		return Parse([]byte("From: a@example.com\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n" +
			base64.StdEncoding.EncodeToString([]byte(data))))
	}
	m := mail(stream)
	if m.Text != "Hello café" || len(m.Attachments) != 1 || m.Attachments[0].Filename != "Résumé.pdf" || string(m.Attachments[0].Data) != "PDF" {
		t.Errorf("text %q, attachments %+v", m.Text, m.Attachments)
	}
	for i := range stream {
		checkMessage(t, "cut", mail(stream[:i]))
	}
	if m := mail("\x78\x9f\x3e\x22\x01\x00"); len(m.Attachments) != 1 || m.Attachments[0].Filename != "winmail.dat" {
		t.Errorf("an empty one is kept as a file: %+v", m.Attachments)
	}
}

func TestRTF(t *testing.T) {
	html, _ := rtfBody(`{\rtf1\ansi\ansicpg1252\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Caf\'e9 \{x\}{\*\htmltag72 </p>}\htmlrtf }\htmlrtf0}`)
	if html != "<p>Café {x}</p>" {
		t.Errorf("got %q", html)
	}
	_, text := rtfBody(`{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x}One\par Two \u8364?\tab x}`)
	if text != "One\nTwo €\tx" {
		t.Errorf("got %q", text)
	}
}

func TestHostileHeaders(t *testing.T) {
	for name, raw := range map[string]string{
		"folds":    "Subject: x\n" + strings.Repeat(" y\n", MaxHeaderBytes/3),
		"parens":   "To: " + strings.Repeat("(", MaxHeaderBytes-10) + "\n",
		"angles":   "To: " + strings.Repeat("<", MaxHeaderBytes-10) + "\n",
		"quotes":   "To: " + strings.Repeat(`"\`, MaxHeaderBytes/2-10) + "\n",
		"words":    "Subject: " + strings.Repeat("=?a?q?", MaxHeaderBytes/6-10) + "\n",
		"params":   "Content-Type: text/plain" + strings.Repeat(";a*0=b", MaxHeaderBytes/6-10) + "\n",
		"junk":     "Subject: x\n" + strings.Repeat("junk\n", MaxHeaderBytes/5-10) + "To: x\n",
		"ids":      "References: " + strings.Repeat("<a@b>", MaxHeaderBytes/5-10) + "\n",
		"comments": "Authentication-Results: " + strings.Repeat("(a;", MaxHeaderBytes/3-10) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			checkMessage(t, name, Parse([]byte(raw+"\nbody")))
			if took := time.Since(begin); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestBrokenSenders(t *testing.T) {
	m := Parse([]byte("Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nThis is not base64 at all, it is a text, with blanks and commas.\n"))
	if !strings.HasPrefix(m.Text, "This is not base64") {
		t.Errorf("got %q", m.Text)
	}
	m = Parse([]byte("Content-Type: multipart/alternative; boundary=bb\n\n--bb\n\none\n--bb\n\ntwo\n--bb\nContent-Type: text/html\n\n<p>a\n--bb\nContent-Type: text/html\n\n<p>b\n--bb--"))
	if m.Text != "one" || m.HTML != "<p>b" {
		t.Errorf("text %q, html %q", m.Text, m.HTML)
	}
	if got := decodeHeader("01 Quien Te Dij\x8aat. Pitbull.mp3", ""); got != "01 Quien Te DijŠat. Pitbull.mp3" {
		t.Errorf("got %q", got)
	}
}
