package ingest

import (
	"bytes"
	"encoding/csv"
	"mime"
	"slices"
	"strconv"
	"strings"
)

// labelsOf tells the labels and Gmail's thread of a message: X-Gmail-Labels above all, then what the source said
// (folder and flags of a Maildir), then the state headers of mbox programs, then INBOX.
func labelsOf(raw []byte, given []string) (labels []string, thread string) {
	h := stateHeaders(raw)
	if h.thread != "" {
		thread = h.thread
	}
	if h.hasGmail {
		return gmailLabels(h.gmail), thread
	}
	if given != nil {
		return given, thread
	}
	labels = []string{"INBOX"}
	if h.hasStatus && !strings.Contains(h.status, "R") {
		labels = append(labels, "UNREAD")
	}
	if strings.Contains(h.xstatus, "F") {
		labels = append(labels, "STARRED")
	}
	if flags, err := strconv.ParseUint(h.mozilla, 16, 32); err == nil {
		labels = mozillaLabels(labels, flags)
	}
	return labels, thread
}

// mozillaLabels reads X-Mozilla-Status: 1 read, 4 starred, 8 deleted but not yet removed.
func mozillaLabels(labels []string, flags uint64) []string {
	if flags&8 != 0 {
		return []string{"TRASH"}
	}
	if flags&1 == 0 && !slices.Contains(labels, "UNREAD") {
		labels = append(labels, "UNREAD")
	}
	if flags&4 != 0 && !slices.Contains(labels, "STARRED") {
		labels = append(labels, "STARRED")
	}
	return labels
}

// A marks is what the header of a message says about labels.
type marks struct {
	gmail, thread, status, xstatus, mozilla string
	hasGmail, hasStatus                     bool
}

// stateHeaders scans the header for the few fields of state, without parsing the rest.
func stateHeaders(raw []byte) marks {
	var s marks
	for n := 0; n < 2000 && len(raw) > 0; n++ {
		line, after := nextField(raw)
		if len(bytes.TrimSpace(line)) == 0 {
			return s
		}
		raw = after
		switch line[0] {
		case 'X', 'x', 'S', 's':
		default:
			continue
		}
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok || len(name) > 20 {
			continue
		}
		text := strings.TrimSpace(string(value))
		switch strings.ToLower(string(name)) {
		case "x-gmail-labels":
			s.gmail, s.hasGmail = text, true
		case "x-gm-thrid":
			if _, err := strconv.ParseUint(text, 10, 64); err == nil {
				s.thread = text
			}
		case "status":
			if len(text) <= 4 && strings.Trim(text, "ROUND") == "" {
				s.status, s.hasStatus = text, true
			}
		case "x-status":
			s.xstatus = text
		case "x-mozilla-status":
			s.mozilla = text
		}
	}
	return s
}

// nextField returns the first field with its continuation lines, and what follows.
func nextField(raw []byte) (field, after []byte) {
	end := 0
	for {
		i := bytes.IndexByte(raw[end:], '\n')
		if i < 0 {
			return raw, nil
		}
		end += i + 1
		if end >= len(raw) || raw[end] != ' ' && raw[end] != '\t' || end == 1 || end == 2 && raw[0] == '\r' {
			return raw[:end], raw[end:]
		}
	}
}

// gmailLabels reads the value of X-Gmail-Labels as Google Takeout writes it: names with commas between, quoted where
// they hold one, as encoded words where they are not ASCII, system labels in the language of the account.
func gmailLabels(value string) []string {
	value = strings.NewReplacer("\r\n", "", "\n", "", "\t", " ").Replace(value)
	var dec mime.WordDecoder
	if text, err := dec.DecodeHeader(value); err == nil {
		value = text
	}
	r := csv.NewReader(strings.NewReader(value))
	r.LazyQuotes, r.TrimLeadingSpace, r.FieldsPerRecord = true, true, -1
	names, err := r.Read()
	if err != nil {
		names = strings.Split(value, ",")
	}
	labels := []string{}
	for _, name := range names {
		name = strings.ToValidUTF8(strings.ReplaceAll(strings.TrimSpace(name), "\x00", ""), "\uFFFD")
		label, known := systemLabel(name)
		if !known {
			label = name
		}
		if label != "" && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}

// systemLabel maps a system label's name to Gmail's; "" is a state that is no label (opened, archived).
func systemLabel(name string) (label string, known bool) {
	lower := strings.ToLower(name)
	for _, prefix := range categoryPrefixes {
		if rest, ok := strings.CutPrefix(lower, prefix); ok {
			rest = strings.Trim(rest, " :\"'«»„“”\u00a0")
			if label, ok := categoryLabels[rest]; ok {
				return label, true
			}
		}
	}
	label, known = systemLabels[lower]
	return label, known
}

var categoryPrefixes = []string{"category", "kategorie", "catégorie", "categoría", "categoria", "categorie"}

var categoryLabels = map[string]string{
	"promotions": "CATEGORY_PROMOTIONS", "werbung": "CATEGORY_PROMOTIONS", "promociones": "CATEGORY_PROMOTIONS", "promoções": "CATEGORY_PROMOTIONS", "promozioni": "CATEGORY_PROMOTIONS", "reclame": "CATEGORY_PROMOTIONS", "publicidade": "CATEGORY_PROMOTIONS",
	"social": "CATEGORY_SOCIAL", "soziale netzwerke": "CATEGORY_SOCIAL", "sozial": "CATEGORY_SOCIAL", "réseaux sociaux": "CATEGORY_SOCIAL", "sociaal": "CATEGORY_SOCIAL", "social media": "CATEGORY_SOCIAL",
	"updates": "CATEGORY_UPDATES", "benachrichtigungen": "CATEGORY_UPDATES", "aktualisierungen": "CATEGORY_UPDATES", "neuigkeiten": "CATEGORY_UPDATES", "notifications": "CATEGORY_UPDATES", "mises à jour": "CATEGORY_UPDATES", "notificaciones": "CATEGORY_UPDATES", "actualizaciones": "CATEGORY_UPDATES", "novedades": "CATEGORY_UPDATES", "atualizações": "CATEGORY_UPDATES", "aggiornamenti": "CATEGORY_UPDATES",
	"forums": "CATEGORY_FORUMS", "foren": "CATEGORY_FORUMS", "foros": "CATEGORY_FORUMS", "fóruns": "CATEGORY_FORUMS", "forum": "CATEGORY_FORUMS",
	"personal": "CATEGORY_PERSONAL", "primary": "CATEGORY_PERSONAL", "allgemein": "CATEGORY_PERSONAL", "persönlich": "CATEGORY_PERSONAL", "personnel": "CATEGORY_PERSONAL", "principale": "CATEGORY_PERSONAL", "principal": "CATEGORY_PERSONAL", "pessoal": "CATEGORY_PERSONAL", "persoonlijk": "CATEGORY_PERSONAL",
	"purchases": "CATEGORY_PURCHASES", "käufe": "CATEGORY_PURCHASES", "achats": "CATEGORY_PURCHASES", "compras": "CATEGORY_PURCHASES",
	"reservations": "CATEGORY_RESERVATIONS", "reservierungen": "CATEGORY_RESERVATIONS", "réservations": "CATEGORY_RESERVATIONS", "reservas": "CATEGORY_RESERVATIONS",
}

// systemLabels are English, German, French, Spanish, Portuguese, Italian and Dutch.
var systemLabels = map[string]string{
	"inbox": "INBOX", "posteingang": "INBOX", "boîte de réception": "INBOX", "messages reçus": "INBOX", "recibidos": "INBOX", "bandeja de entrada": "INBOX", "caixa de entrada": "INBOX", "entrada": "INBOX", "posta in arrivo": "INBOX", "postvak in": "INBOX",
	"unread": "UNREAD", "ungelesen": "UNREAD", "non lus": "UNREAD", "non lu": "UNREAD", "no leídos": "UNREAD", "no leído": "UNREAD", "sin leer": "UNREAD", "não lidas": "UNREAD", "não lido": "UNREAD", "non letti": "UNREAD", "da leggere": "UNREAD", "ongelezen": "UNREAD",
	"starred": "STARRED", "markiert": "STARRED", "suivis": "STARRED", "favoris": "STARRED", "destacados": "STARRED", "destacado": "STARRED", "com estrela": "STARRED", "speciali": "STARRED", "met ster": "STARRED",
	"sent": "SENT", "sent mail": "SENT", "gesendet": "SENT", "messages envoyés": "SENT", "envoyés": "SENT", "enviados": "SENT", "enviado": "SENT", "enviadas": "SENT", "posta inviata": "SENT", "inviati": "SENT", "verzonden": "SENT",
	"trash": "TRASH", "bin": "TRASH", "papierkorb": "TRASH", "corbeille": "TRASH", "papelera": "TRASH", "lixeira": "TRASH", "lixo": "TRASH", "cestino": "TRASH", "prullenbak": "TRASH",
	"spam": "SPAM", "correo no deseado": "SPAM", "courrier indésirable": "SPAM",
	"draft": "DRAFT", "drafts": "DRAFT", "entwurf": "DRAFT", "entwürfe": "DRAFT", "brouillon": "DRAFT", "brouillons": "DRAFT", "borrador": "DRAFT", "borradores": "DRAFT", "rascunho": "DRAFT", "rascunhos": "DRAFT", "bozze": "DRAFT", "concepten": "DRAFT",
	"important": "IMPORTANT", "wichtig": "IMPORTANT", "importants": "IMPORTANT", "importante": "IMPORTANT", "importantes": "IMPORTANT", "importanti": "IMPORTANT", "belangrijk": "IMPORTANT",
	"chat": "CHAT", "chats": "CHAT",
	"opened": "", "geöffnet": "", "ouvert": "", "ouverts": "", "messages ouverts": "", "abierto": "", "abiertos": "", "aberto": "", "abertas": "", "aperti": "", "geopend": "",
	"archived": "", "archiviert": "", "archivés": "", "messages archivés": "", "archivado": "", "archivados": "", "arquivado": "", "arquivados": "", "archiviati": "", "gearchiveerd": "",
}
