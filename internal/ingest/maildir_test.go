package ingest

import (
	"slices"
	"testing"
)

func TestMaildir(t *testing.T) {
	dir := t.TempDir()
	for name := range map[string]bool{
		"cur/1.host:2,S": true, "cur/2.host:2,FS": true, "cur/3.host:2,": true, "cur/4.host:2,ST": true, "cur/5.host:2,DS": true,
		"cur/6.host:2,RS": true, "new/7.host": true, "tmp/8.host": true, "dovecot-uidlist": true,
		".Sent/cur/1.host:2,S": true, ".Junk/new/1.host": true, ".Jobs.Acme/cur/1.host:2,S": true, ".Archive/cur/1.host:2,S": true,
		".Entw&APw-rfe/cur/1.host:2,S": true, "Trash/cur/1.host:2,S": true,
	} {
		write(t, dir, name, small)
	}
	mails, problems := collect(t, dir)
	want := []string{
		".Archive/cur/1.host:2,S ",
		".Entw&APw-rfe/cur/1.host:2,S DRAFT",
		".Jobs.Acme/cur/1.host:2,S Jobs/Acme",
		".Junk/new/1.host SPAM,UNREAD",
		".Sent/cur/1.host:2,S SENT",
		"Trash/cur/1.host:2,S TRASH",
		"cur/1.host:2,S INBOX",
		"cur/2.host:2,FS INBOX,STARRED",
		"cur/3.host:2, INBOX,UNREAD",
		"cur/4.host:2,ST TRASH",
		"cur/5.host:2,DS DRAFT",
		"cur/6.host:2,RS INBOX",
		"new/7.host INBOX,UNREAD",
	}
	if got := sources(dir, mails); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(problems) != 0 {
		t.Errorf("problems: %v", problems)
	}
}

func TestFolderNames(t *testing.T) {
	for in, want := range map[string]string{"A&-B": "A&B", "&AOk-t&AOk-": "été", "&broken": "&broken", "&!!-": "&!!-", "plain": "plain"} {
		if got := decodeUTF7Name(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
