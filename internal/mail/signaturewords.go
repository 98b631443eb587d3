package mail

// Words at the end of mails, in lower case.

var signOffs = []string{
	"regards", "best regards", "kind regards", "warm regards", "kindest regards", "with kind regards", "best", "all the best",
	"best wishes", "many thanks", "thanks", "thank you", "thanks again", "thanks in advance", "thx", "cheers", "sincerely",
	"yours sincerely", "sincerely yours", "yours faithfully", "yours truly", "respectfully", "cordially", "warmly", "take care",
	"with best regards", "warmest regards", "rgds", "br", "kr", "with appreciation", "with gratitude", "talk soon", "love",
	"mit freundlichen grüßen", "mit freundlichen gruessen", "mit freundlichem gruß", "freundliche grüße", "viele grüße",
	"beste grüße", "liebe grüße", "herzliche grüße", "schöne grüße", "besten gruß", "gruß", "grüße", "mfg", "vg", "lg",
	"mit besten grüßen", "freundliche grüsse", "mit freundlichen grüssen", "hochachtungsvoll", "vielen dank", "danke",
	"cordialement", "bien cordialement", "bien à vous", "sincères salutations", "salutations", "merci", "bonne journée",
	"amicalement", "meilleures salutations", "cdlt", "respectueusement",
	"saludos", "un saludo", "saludos cordiales", "atentamente", "un cordial saludo", "gracias", "muchas gracias", "cordialmente",
	"reciba un cordial saludo", "quedo a la espera", "abrazos", "un abrazo",
	"atenciosamente", "cumprimentos", "com os melhores cumprimentos", "obrigado", "obrigada", "abraços", "abs", "att", "melhores cumprimentos",
	"met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groeten", "vriendelijke groet", "groeten", "groetjes", "mvg", "bedankt", "hartelijke groet", "alvast bedankt",
	"cordiali saluti", "distinti saluti", "saluti", "grazie", "un caro saluto", "a presto",
	"med vänliga hälsningar", "vänliga hälsningar", "hälsningar", "mvh", "med venlig hilsen", "venlig hilsen", "hilsen", "vennlig hilsen",
	"ystävällisin terveisin", "terveisin", "pozdrawiam", "z poważaniem", "s pozdravem", "с уважением", "спасибо", "saygılarımla", "üdvözlettel", "cu stimă",
}

var mobilePrefixes = []string{
	"sent from my ", "sent from mailbox", "sent from yahoo", "sent from outlook", "sent from mail for", "sent from samsung", "sent from gmail", "sent from acompli", "sent via ",
	"sent wirelessly", "sent with proton", "sent from proton", "sent from the ", "get outlook for ", "send from my ", "sent on the go",
	"von meinem ", "gesendet von ", "gesendet mit ", "von unterwegs gesendet", "diese nachricht wurde von meinem", "outlook für ios", "outlook für android", "holen sie sich outlook",
	"envoyé de mon ", "envoyé depuis ", "envoyé à partir de ", "envoyé sans fil", "télécharger outlook pour", "obtenir outlook pour", "obtenez outlook pour",
	"enviado desde mi ", "enviado desde ", "obtener outlook para", "enviado do meu ", "enviado a partir do ", "enviado de meu ", "enviado pelo ", "obter o outlook para", "enviado de mi ",
	"verstuurd vanaf ", "verzonden vanaf ", "verzonden met ", "outlook voor ios", "outlook voor android", "inviato da ", "inviato dal ", "scarica outlook per", "ottieni outlook per",
	"skickat från min ", "sendt fra min ", "lähetetty ", "wysłane z ", "wysłano z ", "отправлено с ", "отправлено из ", "odesláno z ", "iphoneから送信", "发自我的", "發自我的", "從我的", "나의 iphone에서", "iphone'umdan gönderildi",
}

var mobileEndings = []string{"iphone gesendet", "ipad gesendet", "smartphone gesendet", "android gesendet", "samsung-galaxy smartphone", "iphone'umdan gönderildi", "handy gesendet"}

var listFooterWords = []string{
	"mailing list", "listinfo", "unsubscribe", "to subscribe", "list-unsubscribe", "mailman", "sf.net email is sponsored", "majordomo",
	"yahoo! groups", "google groups", "listserv", "subscription", "abmelden", "désabonner", "darse de baja", "uitschrijven", "cancelar a inscri",
}

var listFooterStrong = []string{
	"you received this message because you are subscribed", "to unsubscribe from this group", "you are receiving this email because",
	"you received this email because", "to unsubscribe from this list", "to unsubscribe, ", "to unsubscribe send", "mailman/listinfo",
	"if you no longer wish to receive", "sie erhalten diese e-mail, weil", "vous recevez cet e-mail car", "vous recevez cet email car", "recibes este correo porque",
}

var disclaimerStrong = []string{
	"confidentiality notice", "if you are not the intended recipient", "if you are not the addressee", "intended solely for the",
	"is intended only for the", "intended only for the use of", "if you have received this email in error", "if you have received this message in error",
	"if you have received this e-mail in error", "received this communication in error", "please consider the environment before printing", "virus-free. www.",
	"diese e-mail enthält vertrauliche", "diese e-mail kann vertrauliche", "wenn sie nicht der richtige adressat", "falls sie nicht der beabsichtigte", "nicht der bestimmungsgemäße empfänger",
	"ce message et toutes les pièces jointes", "ce message et ses pièces jointes", "si vous n'êtes pas le destinataire", "si vous avez reçu ce message par erreur",
	"este mensaje y sus archivos adjuntos", "si usted no es el destinatario", "si no es usted el destinatario", "si ha recibido este mensaje por error", "si ha recibido este correo por error",
	"esta mensagem pode conter informação confidencial", "esta mensagem e seus anexos", "se você recebeu esta mensagem por engano", "se não for o destinatário",
	"dit bericht is uitsluitend bestemd", "dit e-mailbericht is uitsluitend", "indien u dit bericht ten onrechte", "als u niet de geadresseerde bent", "indien u niet de geadresseerde",
	"se ha ricevuto questo messaggio per errore", "avete ricevuto questo messaggio per errore", "this email has been checked for viruses", "diese e-mail wurde von avast",
}

var disclaimerWords = []string{
	"confidential", "privileged", "intended recipient", "intended for", "unauthorized", "unauthorised", "disclosure", "strictly prohibited",
	"notify the sender", "delete this", "delete it", "vertraulich", "adressat", "unbefugt", "confidentiel", "destinataire", "confidencial",
	"destinatario", "destinatário", "vertrouwelijk", "geadresseerde", "liability for", "registered in england", "registered office",
}
