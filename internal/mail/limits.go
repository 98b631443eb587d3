package mail

// Limits of Parse. What lies beyond a limit is left out and named in Warnings; the rest of the message is kept.
const (
	MaxMessageBytes = 64 << 20  // of one message; longer ones are cut
	MaxHeaderBytes  = 256 << 10 // of the header block of one part
	MaxHeaders      = 1000      // header fields kept of one part
	MaxDepth        = 24        // multiparts within multiparts
	MaxParts        = 1000      // parts of one message
	MaxTextBytes    = 1 << 20   // of Text; also of the HTML that is rendered as text
	MaxHTMLBytes    = 4 << 20   // of HTML
	MaxAddresses    = 2000      // of one address header
	MaxWarnings     = 50        // sentences in Warnings
	MaxEvents       = 50        // events in Calendar
)

// sniffBytes is how much of a text is looked at to guess its charset.
const sniffBytes = 16 << 10
