package sample

import (
	"fmt"
	"net/mail"
	"strings"
)

// fillTrace replaces the {{gmail}} line of a header by what the owner's mail server writes on arrival (RFC 8601).
func fillTrace(head []string) ([]string, error) {
	for i, l := range head {
		args, ok := strings.CutPrefix(l, "{{gmail")
		if !ok {
			continue
		}
		lines, err := trace(head, strings.Fields(strings.TrimSuffix(args, "}}")))
		if err != nil {
			return nil, err
		}
		rest := append(lines, head[i+1:]...)
		return append(head[:i:i], rest...), nil
	}
	return head, nil
}

func trace(head, args []string) ([]string, error) {
	from, err := mail.ParseAddress(encodeHeaderValue(get(head, "From")))
	if err != nil {
		return nil, fmt.Errorf("From %q: %w", get(head, "From"), err)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	set := map[string]string{"via": domain, "spf": "pass", "dkim": "pass", "dmarc": "pass"}
	for _, a := range args {
		key, value, ok := strings.Cut(a, "=")
		if _, known := set[key]; !ok || !known {
			return nil, fmt.Errorf("argument %q of {{gmail}}", a)
		}
		set[key] = value
	}
	signer := domain // an aligned signature is what makes DMARC pass when the envelope belongs to a service
	if set["dmarc"] != "pass" {
		signer = set["via"]
	}
	date, err := mail.ParseDate(get(head, "Date"))
	if err != nil {
		return nil, fmt.Errorf("Date: %w", err)
	}
	id, via := digest(get(head, "Message-ID")), set["via"]
	ip := address(via)
	sender := from.Address
	if via != domain {
		sender = "bounces+" + id[:6] + "@" + via
	}
	return []string{
		"Delivered-To: " + Owner,
		"Return-Path: <" + sender + ">",
		fmt.Sprintf("Received: from mta%d.%s (mta%d.%s [%s])\r\n        by mx.example.com with ESMTPS id %s\r\n        for <%s>\r\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        %s",
			id[0]%7+1, via, id[0]%7+1, via, ip, id[8:30], Owner, date.Format(layouts["date"])),
		"Authentication-Results: mx.example.com;\r\n       " + strings.Join([]string{
			dkimResult(set["dkim"], signer, id), spfResult(set["spf"], sender, ip), dmarcResult(set["dmarc"], domain)}, ";\r\n       "),
	}, nil
}

func dkimResult(result, domain, id string) string {
	switch result {
	case "none":
		return "dkim=none (message not signed)"
	case "pass":
		return fmt.Sprintf("dkim=pass header.i=@%s header.s=s%d header.b=%s", domain, id[1]%3+1, id[30:38])
	default:
		return fmt.Sprintf("dkim=%s (bad signature) header.i=@%s header.s=s1 header.b=%s", result, domain, id[30:38])
	}
}

func spfResult(result, sender, ip string) string {
	says := map[string]string{
		"pass":     fmt.Sprintf("domain of %s designates %s as permitted sender", sender, ip),
		"none":     fmt.Sprintf("%s does not designate permitted sender hosts", sender),
		"softfail": fmt.Sprintf("domain of transitioning %s does not designate %s as permitted sender", sender, ip),
	}
	text, ok := says[result]
	if !ok {
		text = fmt.Sprintf("domain of %s does not designate %s as permitted sender", sender, ip)
	}
	return fmt.Sprintf("spf=%s (mx.example.com: %s) smtp.mailfrom=%s", result, text, sender)
}

func dmarcResult(result, domain string) string {
	switch result {
	case "none":
		return "dmarc=none header.from=" + domain
	case "pass":
		return "dmarc=pass (p=QUARANTINE sp=QUARANTINE dis=NONE) header.from=" + domain
	default:
		return fmt.Sprintf("dmarc=%s (p=NONE sp=NONE dis=NONE) header.from=%s", result, domain)
	}
}

// address gives a domain a lasting address from the ranges kept for documentation (RFC 5737).
func address(domain string) string {
	d := digest(domain)
	nets := []string{"192.0.2.", "198.51.100.", "203.0.113."}
	return fmt.Sprintf("%s%d", nets[d[0]%3], int(d[1])*int(d[2])%253+1)
}

// encodeHeaderValue encodes the value of a From header, which may be written in any script.
func encodeHeaderValue(value string) string {
	return strings.TrimPrefix(encodeHeader("From: "+value), "From: ")
}
