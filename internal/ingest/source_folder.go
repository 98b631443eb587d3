package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxFolderDepth bounds how deep folders are followed.
const maxFolderDepth = 64

// plan lists the files under path in order. A path that the person named may be a symbolic link.
func (w *walk) plan(files []found, path string) []found {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		w.problem(path, err)
	case info.IsDir():
		return w.planFolder(files, path, path, 0)
	case !info.Mode().IsRegular():
		w.problem(path, errors.New("this is neither a file nor a folder"))
	default:
		files = append(files, found{path: path, size: info.Size(), labels: maildirFileLabels(path)})
	}
	return files
}

// planFolder lists a Maildir as such and walks every other folder. Entries come sorted by name.
func (w *walk) planFolder(files []found, root, dir string, depth int) []found {
	if depth > maxFolderDepth {
		w.problem(dir, fmt.Errorf("folders lie deeper than %d levels; this one was left out", maxFolderDepth))
		return files
	}
	if w.ctx.Err() != nil {
		return files
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.problem(dir, err)
		return files
	}
	maildir := isMaildir(entries)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.Type()&os.ModeSymlink != 0:
			w.checkLink(root, path)
		case e.IsDir():
			switch {
			case maildir && e.Name() == "tmp":
			case maildir && isMaildirLeaf(e.Name()):
				files = w.planMaildir(files, root, path)
			case strings.HasPrefix(e.Name(), ".") && !hasMaildir(path):
			default:
				files = w.planFolder(files, root, path, depth+1)
			}
		case maildir, strings.HasPrefix(e.Name(), "."): // dovecot-uidlist, .DS_Store and the like
		default:
			files = w.planFile(files, path, e, nil)
		}
	}
	return files
}

func (w *walk) planFile(files []found, path string, e os.DirEntry, labels []string) []found {
	info, err := e.Info()
	switch {
	case err != nil:
		w.problem(path, err)
	case !info.Mode().IsRegular():
		w.problem(path, errors.New("this is neither a file nor a folder"))
	default:
		files = append(files, found{path: path, size: info.Size(), labels: labels})
	}
	return files
}

// checkLink reports a link that leads out of the tree. One within it is passed over: its target is visited anyway.
func (w *walk) checkLink(root, path string) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		w.problem(path, fmt.Errorf("a symbolic link that leads nowhere (%w)", err))
		return
	}
	base, err := filepath.EvalSymlinks(root)
	if err == nil {
		if rel, err := filepath.Rel(base, target); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return
		}
	}
	w.problem(path, errors.New("a symbolic link out of the folder was not followed"))
}
