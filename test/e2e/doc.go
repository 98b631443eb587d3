// Package e2e drives the built program in a real Chromium, from the start that a new user makes:
// an empty data folder, the link on the terminal, the sample mailbox. It holds tests only.
//
// SHOTS=FOLDER keeps a picture of every page, in both themes, at both widths.
package e2e
