package agent

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"

	"applylens/internal/llm"
	"applylens/internal/triage"
)

//go:embed prompts/triage.md
var triagePrompt string

// triagePromptVersion is raised when the instructions, or what becomes of an answer, change.
const triagePromptVersion = "triage-1"

const (
	opinionSure      = 0.8  // from here on a model's category stands without review
	opinionLeast     = 0.5  // below, it is no better than the built-in one
	opinionPossible  = 0.01 // what the built-in classifier must give a job class that a model names
	opinionRisk      = 40   // from here on no mail becomes job mail by a model's word
	evidenceShortest = 12
	evidenceLongest  = 300
	evidenceMost     = 3
)

// An opinion is a model's answer about one mail.
type opinion struct {
	Category   string   `json:"category"`
	Confidence float64  `json:"confidence"`
	Evidence   []string `json:"evidence"`
}

// aboutSorting finds passages that speak to a program that sorts, in the languages of job mail: evidence of nothing.
var aboutSorting = regexp.MustCompile(`(?i)(categor|kategor|catégor|classif|klassif|clasif|label|etiquet|\bsort(ed)? (this|as)|ignor|instruc|instruk|` +
	`anweisung|system ?(prompt|message|:)|assistant|asistente|assistent|\bprompt|json|schema|confidence|evidence|language model|sprachmodell|` +
	`\bLLM\b|\bGPT|\bAI\b|\bKI\b|\bIA\b|_(confirmation|outreach|request|alert)|инструкц|игнор|категор|指示|指令|分类|分類|無視|忽略|تعليمات|تجاهل|صنف|` +
	`[<>{}]|https?:|\btools?\b|function)`)

// mixed finds a name of a category amid another script, and words of two scripts: neither is how people write.
var mixed = regexp.MustCompile(`(?i)[\p{Cyrillic}\p{Han}\p{Arabic}\p{Hiragana}\p{Katakana}\p{Hangul}].*\b(offer|interview|assessment|rejection)\b|` +
	`\b(offer|interview|assessment|rejection)\b.*[\p{Cyrillic}\p{Han}\p{Arabic}\p{Hiragana}\p{Katakana}\p{Hangul}]|` +
	`\p{Latin}[\p{Cyrillic}\p{Greek}]|[\p{Cyrillic}\p{Greek}]\p{Latin}`)

// opinionSchema is the form of the answer, with the fixed list of categories.
func opinionSchema() *jsonschema.Schema {
	schema, err := jsonschema.For[opinion](nil)
	if err != nil {
		panic(err) // of a type of ours
	}
	for _, c := range triage.Categories() {
		schema.Properties["category"].Enum = append(schema.Properties["category"].Enum, string(c))
	}
	schema.Properties["evidence"].Types, schema.Properties["evidence"].Type = nil, "array" // nil is no list
	return schema
}

// A doubted mail is one whose verdict needs review.
type doubted struct {
	subject, visible string
	verdict          triage.Verdict
}

// check refuses an opinion that does not stand on the mail's own words, or reaches for more than it may.
func (d doubted) check(o opinion) error {
	c := triage.Category(o.Category)
	switch {
	case o.Confidence < 0 || o.Confidence > 1:
		return llm.Reject("The model's confidence is no share.")
	case len(o.Evidence) == 0 || len(o.Evidence) > evidenceMost:
		return llm.Reject("The model quoted nothing.")
	case c.IsJob() && d.verdict.Risk.Score >= opinionRisk:
		return llm.Reject("The mail is too risky to become job mail by a model's word.")
	case c.IsJob() && d.verdict.Categories[c] < opinionPossible:
		return llm.Reject("Nothing else in the mail speaks for what the model says.")
	}
	for _, quote := range o.Evidence {
		n := utf8.RuneCountInString(strings.TrimSpace(quote))
		if n < evidenceShortest || n > evidenceLongest {
			return llm.Reject("The model's quote is too short or too long.")
		}
		if plain := llm.Plain(quote); aboutSorting.MatchString(plain) || mixed.MatchString(plain) {
			return llm.Reject("The model's quote speaks to a program, not to its reader.")
		}
		if _, _, ok := find(d.visible, quote); !ok {
			return llm.Reject("The model's quote does not stand in the mail.")
		}
	}
	return nil
}

// find returns where a quote stands in a text, whatever the spaces between its words.
func find(text, quote string) (start, end int, ok bool) {
	words := strings.Fields(quote)
	for i, w := range words {
		words[i] = regexp.QuoteMeta(w)
	}
	re, err := regexp.Compile(strings.Join(words, `\s+`))
	if err != nil || len(words) == 0 {
		return 0, 0, false
	}
	at := re.FindStringIndex(text)
	if at == nil {
		return 0, 0, false
	}
	return at[0], at[1], true
}

// judged is the verdict with the model's category, which says by whom it is. All else stays: priority, answer, risk and
// facts. ok is false when the opinion changes nothing.
func (d doubted) judged(o opinion, model string) (v triage.Verdict, ok bool) {
	v = d.verdict
	if o.Confidence < opinionLeast || o.Confidence < opinionSure && triage.Category(o.Category) != v.Category {
		return v, false // an unsure guess does not replace another
	}
	v.Category, v.Confidence, v.NeedsReview = triage.Category(o.Category), o.Confidence, o.Confidence < opinionSure
	v.Categories = make(map[triage.Category]float64, len(d.verdict.Categories)+1)
	rest := 1 - d.verdict.Categories[v.Category]
	for c, p := range d.verdict.Categories {
		if rest > 0 && c != v.Category {
			v.Categories[c] = p / rest * (1 - o.Confidence)
		}
	}
	v.Categories[v.Category] = o.Confidence
	why := make([]triage.Reason, 0, len(o.Evidence)+len(v.Why))
	for _, quote := range o.Evidence {
		start, end, _ := find(d.visible, quote)
		why = append(why, triage.Reason{Text: "by " + model, Start: start, End: end})
	}
	v.Why = append(why, slices.Clone(d.verdict.Why)...)
	return v, true
}

// text is what a model is shown of a mail. Names and addresses of people are not among it but for those in the text.
func (d doubted) text(domain string) string {
	return fmt.Sprintf("Sender's domain: %s\nSubject: %s\nBody:\n%s", domain, d.subject, d.visible)
}

// An Opinions run asks about a stretch of uncertain mail.
type opinions struct {
	runtime *Runtime
	model   *llm.Model
	user    int64
	schema  *jsonschema.Schema

	mu       sync.Mutex
	counts   map[string]int
	verdicts []MailVerdict
	down     bool
}

// opinionsAtOnce bounds a run, so that it ends within its time; opinionsTogether are asked at once.
const (
	opinionsAtOnce   = 8
	opinionsTogether = 4
	opinionsAgain    = 10 * time.Minute // after which mail is asked about again when a service failed
)

// opinionOf reads a stored verdict.
func opinionOf(raw json.RawMessage) (v triage.Verdict, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}
