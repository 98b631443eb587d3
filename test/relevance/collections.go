package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func load(data, set string) (collection, error) {
	switch set {
	case "D":
		return loadAESLC(data, "dev")
	case "A":
		return loadAESLC(data, "dev", "train")
	case "cranfield":
		return loadCranfield(filepath.Join(data, "cranfield"))
	}
	return collection{}, fmt.Errorf("there is no collection %q", set)
}

// loadAESLC reads bodies of mail without their subjects; the titles that people wrote for those of dev are the queries.
func loadAESLC(data string, folders ...string) (collection, error) {
	c := collection{depth: 20}
	copies := map[string]map[string]bool{} // by body: the mails that have it; any of them answers
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(data, "aeslc", folder, "*.subject"))
		if err != nil {
			return c, err
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				return c, err
			}
			body, rest, _ := strings.Cut(string(text), "\n@subject")
			id := folder + "-" + strings.TrimSuffix(filepath.Base(name), ".subject")
			c.documents = append(c.documents, document{id: id, body: body})
			words := strings.Join(strings.Fields(body), " ")
			if copies[words] == nil {
				copies[words] = map[string]bool{}
			}
			copies[words][id] = true
			for _, section := range strings.Split(rest, "\n@ann")[1:] {
				_, title, _ := strings.Cut(section, "\n")
				if title = strings.Join(strings.Fields(title), " "); title != "" {
					c.queries = append(c.queries, query{text: title, relevant: copies[words], any: true})
				}
			}
		}
	}
	return c, nil
}

// loadCranfield reads the collection with its odd queries. Every code of cranqrel means relevant.
func loadCranfield(dir string) (collection, error) {
	c := collection{depth: 200}
	records, err := smart(filepath.Join(dir, "cran.all.1400"))
	if err != nil {
		return c, err
	}
	for _, r := range records {
		c.documents = append(c.documents, document{id: r["I"], subject: strings.Join(strings.Fields(r["T"]), " "), body: r["W"]})
	}
	if records, err = smart(filepath.Join(dir, "cran.qry")); err != nil {
		return c, err
	}
	judged, err := os.ReadFile(filepath.Join(dir, "cranqrel"))
	if err != nil {
		return c, err
	}
	relevant := map[string]map[string]bool{}
	for line := range strings.Lines(string(judged)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if relevant[f[0]] == nil {
			relevant[f[0]] = map[string]bool{}
		}
		relevant[f[0]][f[1]] = true
	}
	for i, r := range records { // cranqrel counts them
		if n := i + 1; n%2 == 1 {
			c.queries = append(c.queries, query{text: strings.Join(strings.Fields(strings.Trim(r["W"], " .\n")), " "), relevant: relevant[strconv.Itoa(n)]})
		}
	}
	return c, nil
}

// smart reads a file of records in the format of the SMART system.
func smart(name string) ([]map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var records []map[string]string
	field := ""
	for line := range strings.Lines(string(text)) {
		if id, ok := strings.CutPrefix(line, ".I "); ok {
			records = append(records, map[string]string{"I": strings.TrimSpace(id)})
			continue
		}
		if len(strings.TrimSpace(line)) == 2 && line[0] == '.' {
			field = line[1:2]
			continue
		}
		records[len(records)-1][field] += line
	}
	return records, nil
}
