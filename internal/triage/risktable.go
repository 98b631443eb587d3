package triage

// A riskSignal is one line of the table of danger: the points it adds and what the reader should check.
type riskSignal struct {
	name   string
	weight int
	check  string
}

// riskTable holds every signal that a risk score can be made of. Positive weights speak of danger, negative ones
// reassure. A header that is missing has no line here: missing is not failed.
var riskTable = [...]riskSignal{
	{"dmarc_failed", 22, "the sender's domain did not confirm this mail; check with the sender by another way"},
	{"spf_failed", 10, "the mail came from a server that the sender's domain does not list"},
	{"dkim_failed", 8, "the signature of the sender does not fit the mail"},
	{"display_name_brand", 38, "the name claims a brand, the address is not of that brand; look at the address"},
	{"display_name_address", 22, "the name shows another address than the one that sent it"},
	{"look_alike_domain", 42, "the domain imitates another one; compare it letter by letter"},
	{"look_alike_contact", 42, "the domain imitates that of somebody you write to; compare it letter by letter"},
	{"mixed_scripts", 25, "letters of several alphabets are mixed to deceive the eye"},
	{"punycode", 15, "the domain uses an encoding that can hide look-alike letters"},
	{"reply_to_elsewhere", 10, "an answer would go to another domain than the sender's"},
	{"reply_to_free_mail", 18, "an answer would go to a free mailbox, not to the sender's domain"},
	{"sender_is_reader", 14, "the mail claims to come from your own address"},
	{"odd_sender_address", 14, "the sender's address looks made by a machine"},
	{"odd_sender_domain", 10, "the sender's domain has an ending or a length that is common among throw-away domains"},
	{"no_sender", 15, "the mail does not say who sent it"},
	{"link_text_mismatch", 30, "a link shows one address and leads to another; do not follow it"},
	{"brand_in_link", 30, "a link puts a brand's name into a foreign domain; do not follow it"},
	{"ip_link", 25, "a link leads to a bare number instead of a name"},
	{"shortener", 12, "a shortened link hides where it leads"},
	{"throwaway_hosting", 18, "a link leads to a free hosting service where anybody can put up a page"},
	{"link_not_of_sender", 6, "no link leads to the sender's own domain"},
	{"user_in_link", 20, "a link hides its real host behind an @ sign"},
	{"form_in_mail", 20, "the mail itself asks you to fill in a form"},
	{"executable_attachment", 50, "an attached file can run a program; do not open it"},
	{"html_attachment", 32, "an attached web page often is a forged sign-in form; do not open it"},
	{"archive_attachment", 12, "an attached archive can hide a program"},
	{"macro_attachment", 25, "an attached document can run macros"},
	{"asks_credentials", 22, "asks for a password or to confirm an account; go to the site by yourself instead"},
	{"asks_credentials_by_link", 14, "wants you to sign in through its own link"},
	{"asks_money", 12, "asks for money or a fee"},
	{"asks_gift_cards", 26, "asks for gift cards: no honest sender takes payment that way"},
	{"asks_identity_papers", 22, "asks for identity papers or bank data"},
	{"crypto", 10, "speaks of crypto money"},
	{"pressure", 9, "puts you under pressure of time"},
	{"advance_fee", 34, "promises a fortune to strangers: the mark of advance-fee fraud"},
	{"prize", 16, "promises a prize or a reward"},
	{"extortion", 45, "threatens with recordings or stolen data; such claims are nearly always empty"},
	{"parcel", 12, "speaks of a parcel that waits for a payment or data; check with the carrier's own site"},
	{"unwanted_goods", 14, "advertises what unwanted mail usually advertises"},
	{"nameless_greeting", 8, "does not address you by name"},
	{"fake_job_cheque", 40, "a job that sends a cheque to buy equipment is a known fraud"},
	{"fake_job_chat", 30, "a job interview by chat is a known fraud; call the company on its public number"},
	{"fake_job_fee", 34, "an employer never asks applicants to pay"},
	{"fake_job_bank", 28, "an employer does not need your bank data before you signed a contract"},
	{"fake_job_pay", 14, "the pay is unreal for the work"},
	{"free_mail_company", 14, "speaks for a company and writes from a free mailbox"},
	{"hidden_text", 12, "holds text that is not shown, often to mislead filters"},
	{"image_only", 10, "shows its message as a picture"},
	{"disguised_letters", 20, "writes words with letters of other alphabets or invisible signs"},
	{"like_known_scams", 50, "reads like known unwanted mail"},
	{"auth_passed", -6, "the sender's domain confirmed the mail"},
	{"known_correspondent", -35, "you have written to this address before"},
	{"own_mail", -60, "you sent it yourself"},
	{"known_system", -14, "sent by a system that is known and confirmed"},
	{"mailing_list", -14, "came through a mailing list"},
	{"conversation", -8, "is part of a conversation"},
	{"reads_like_wanted", -45, "reads like wanted mail"},
}

// riskIndex finds a line of riskTable by name.
func riskIndex(name string) *riskSignal {
	for i := range riskTable {
		if riskTable[i].name == name {
			return &riskTable[i]
		}
	}
	panic("triage: no risk signal " + name)
}

// Level names a risk score.
func Level(score int) string {
	switch {
	case score < 20:
		return "safe"
	case score < 40:
		return "low"
	case score < 60:
		return "medium"
	case score < 80:
		return "high"
	}
	return "critical"
}

// RiskWeight returns the points of a named signal, 0 for a name that is not in the table.
func RiskWeight(name string) int {
	for i := range riskTable {
		if riskTable[i].name == name {
			return riskTable[i].weight
		}
	}
	return 0
}
