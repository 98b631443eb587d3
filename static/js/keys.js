// Keys: the registry of views/commands.go decides what each does.
import { commands, inScope, run } from "./commands.js";

const pause = 1200; // milliseconds between the keys of a sequence

export function startKeys() {
	let typed = [];
	let timer = 0;
	document.addEventListener("click", (event) => {
		const button = event.target.closest?.("button[data-do]");
		if (button) run({ do: button.dataset.do }, event);
	});
	document.addEventListener("keydown", (event) => {
		const key = nameOf(event);
		if (!key || ignored(event, key)) return;
		typed.push(key);
		clearTimeout(timer);
		let hit = find(typed.join(" "));
		if (!hit.command && !hit.begun && typed.length > 1) {
			typed = [key];
			hit = find(key);
		}
		if (hit.begun) {
			timer = setTimeout(() => (typed = []), pause);
			if (!hit.command) event.preventDefault();
			return;
		}
		typed = [];
		if (hit.command && run(hit.command, event) !== false) event.preventDefault();
	});
}

// find returns the command of a sequence, and whether the sequence is the beginning of a longer one.
function find(sequence) {
	const usable = commands().filter(inScope);
	return {
		command: usable.find((c) => c.keys.includes(sequence)),
		begun: usable.some((c) => c.keys.some((k) => k.startsWith(sequence + " "))),
	};
}

// nameOf is the key as the registry writes it.
function nameOf(event) {
	if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return "";
	if (event.ctrlKey || event.metaKey) return "Ctrl+" + event.key.toUpperCase();
	if (event.altKey) return "";
	if (event.shiftKey && /^[a-z]$/i.test(event.key)) return "Shift+" + event.key.toUpperCase();
	return event.key;
}

// ignored leaves keys to fields and to what is open, but for those that work everywhere.
function ignored(event, key) {
	if (key === "Ctrl+K") return false;
	if (document.querySelector("dialog[open]")) return true;
	const field = event.target.closest?.("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]");
	if (field) return key !== "Escape";
	if (key.startsWith("Ctrl+")) return true;
	return key === "Enter" && Boolean(event.target.closest?.("a, button, summary"));
}
