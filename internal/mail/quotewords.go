package mail

// Words by which quoted text is introduced, in lower case. Sources: the strings of Gmail, Outlook, Thunderbird,
// Apple Mail and Yahoo in their languages.

// attributionVerbs stand at the end, or before the name, of "On … wrote:".
var attributionVerbs = []string{
	"wrote", "sent:", "writes", "said:", "schrieb", "geschrieben", "a écrit", "a ecrit", "escribió", "escribio",
	"escreveu", "schreef", "geschreven", "ha scritto", "napisał", "napisal", "skrev", "kirjoitti", "написал", "пишет",
	"писал", "đã viết", "yazdı", "ezt írta", "a scris", "va escriure", "schreibt", "ha escrit", "έγραψε", "schreven",
	"写道", "寫道", "のメール", "書きました", "작성", "님이",
}

// attributionStarts begin such a line. Those that are ordinary words too count only before a date.
var attributionStarts = []string{
	"on ", "am ", "le ", "el ", "em ", "op ", "il ", "w dniu ", "den ", "på ", "dne ", "vào ", "la ", "a ", "dana ",
	"pada ", "em ter", "el dia ", "------on ", "--- on ", "---on ", "在", "于", "в ", "al ", "am,", "sent from ",
}

// originalWords name the line "-----Original Message-----".
var originalWords = []string{
	"original message", "reply message", "ursprüngliche nachricht", "urspruengliche nachricht", "originalnachricht",
	"ursprungliche nachricht", "antwort nachricht", "original-nachricht", "message d'origine", "message original", "mensaje original", "mensagem original",
	"oorspronkelijk bericht", "messaggio originale", "oprindelig meddelelse", "opprinnelig melding", "original meddelande",
	"ursprungligt meddelande", "alkuperäinen viesti", "wiadomość oryginalna", "původní zpráva", "исходное сообщение",
	"original appointment", "ursprünglicher termin", "原始邮件", "原始郵件", "元のメッセージ",
}

// forwardWords name the line above forwarded mail.
var forwardWords = []string{
	"forwarded message", "begin forwarded message", "weitergeleitete nachricht", "anfang der weitergeleiteten", "message transféré",
	"début du message", "message réexpédié", "mensaje reenviado", "mensagem encaminhada", "doorgestuurd bericht",
	"begin doorgestuurd bericht", "messaggio inoltrato", "inizio messaggio inoltrato", "videresendt", "vidarebefordrat",
	"przekazana wiadomość", "пересылаемое сообщение", "пересылаемое письмо", "forwarded by", "转发的邮件", "转发邮件", "転送メッセージ",
	"inicio del mensaje reenviado", "início da mensagem",
}

// A labelKind says which field of a header block a label names.
type labelKind byte

const (
	labelFrom labelKind = 1 << iota
	labelDate
	labelSent // a date that only a mail has
	labelTo
	labelSubject
	labelOther
)

// headerLabels are the labels of the block that Outlook and others put above quoted mail.
var headerLabels = map[string]labelKind{
	"from": labelFrom, "von": labelFrom, "de": labelFrom, "fra": labelFrom, "från": labelFrom, "van": labelFrom, "da": labelFrom,
	"od": labelFrom, "lähettäjä": labelFrom, "от": labelFrom, "от кого": labelFrom, "发件人": labelFrom, "寄件者": labelFrom,
	"差出人": labelFrom, "보낸 사람": labelFrom, "gönderen": labelFrom, "feladó": labelFrom, "expéditeur": labelFrom, "remitente": labelFrom,
	"sent": labelSent, "date": labelDate, "gesendet": labelSent, "datum": labelDate, "envoyé": labelSent, "envoye": labelSent,
	"enviado": labelSent, "enviado el": labelSent, "enviada em": labelSent, "enviado em": labelSent, "data": labelDate,
	"verzonden": labelSent, "inviato": labelSent, "skickat": labelSent, "sendt": labelSent, "dato": labelDate, "wysłano": labelSent,
	"lähetetty": labelSent, "отправлено": labelSent, "дата": labelDate, "发送时间": labelSent, "日期": labelDate, "送信日時": labelSent,
	"日付": labelDate, "보낸 날짜": labelSent, "tarih": labelDate, "elküldve": labelSent, "odesláno": labelSent, "fecha": labelDate,
	"päivämäärä": labelDate, "date sent": labelSent, "sent at": labelSent,
	"to": labelTo, "an": labelTo, "à": labelTo, "a": labelTo, "para": labelTo, "aan": labelTo, "til": labelTo, "till": labelTo,
	"do": labelTo, "komu": labelTo, "vastaanottaja": labelTo, "кому": labelTo, "收件人": labelTo, "宛先": labelTo, "받는 사람": labelTo,
	"kime": labelTo, "címzett": labelTo, "pour": labelTo,
	"subject": labelSubject, "betreff": labelSubject, "objet": labelSubject, "asunto": labelSubject, "assunto": labelSubject,
	"onderwerp": labelSubject, "oggetto": labelSubject, "emne": labelSubject, "ämne": labelSubject, "temat": labelSubject,
	"předmět": labelSubject, "aihe": labelSubject, "тема": labelSubject, "主题": labelSubject, "件名": labelSubject, "제목": labelSubject,
	"konu": labelSubject, "tárgy": labelSubject, "sujet": labelSubject,
	"cc": labelOther, "bcc": labelOther, "kopie": labelOther, "reply-to": labelOther, "attachments": labelOther,
	"anlagen": labelOther, "importance": labelOther, "wichtigkeit": labelOther, "copia": labelOther, "kopia": labelOther,
	"answer to": labelOther, "antwort an": labelOther, "message-id": labelOther, "organization": labelOther,
}
