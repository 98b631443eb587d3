// The verbs behind the registry of views/commands.go.
import { act, pickCurrent } from "./act.js";
import { current, focus, move, pick, remember, selected, toggle } from "./list.js";
import { lastUndo, tell } from "./toast.js";

let registry = null;

// commands is the registry, as the page carries it.
export function commands() {
	registry ??= JSON.parse(document.getElementById("commands")?.textContent ?? "[]");
	return registry;
}

const onThread = () => Boolean(document.querySelector("[data-thread]"));
const onList = () => Boolean(document.getElementById("list"));

// inScope tells whether a command works on this page.
export function inScope(command) {
	switch (command.scope) {
		case "list":
			return onList();
		case "thread":
			return onThread();
		case "mail":
			return onList() || onThread();
		case "search":
			return Boolean(document.getElementById("found"));
	}
	return true;
}

// run does what a command says; false means that the key is left to the browser.
export function run(command, event) {
	if (command.href) {
		location.href = command.href;
		return true;
	}
	const [verb, what] = command.do.split(":");
	if (verb === "act") return acted(what);
	if (verb === "pick") return pickerOpened(what);
	if (verb === "press") return pressed(what);
	if (verb === "into") return wentInto(what);
	return verbs[verb]?.(event);
}

function acted(kind) {
	if (!onThread() && selected().length === 0 && !current()) {
		tell("Go to a conversation with j and k, or select some with x.");
		return true;
	}
	act(kind);
	return true;
}

// pickerOpened opens a picker for what is selected. The row that was selected for it is let go with the picker.
function pickerOpened(name) {
	const picker = document.getElementById("pick-" + name);
	if (!picker || (!onThread() && selected().length === 0 && !current())) return true;
	const release = onThread() ? null : pickCurrent();
	picker.showPopover({ source: document.querySelector(`[popovertarget="pick-${name}"]`) ?? undefined });
	(picker.querySelector("input") ?? picker.querySelector("button"))?.focus();
	const closed = (event) => {
		if (event.newState !== "closed") return;
		picker.removeEventListener("toggle", closed);
		release?.();
	};
	picker.addEventListener("toggle", closed);
	return true;
}

// pressed presses a button of the search, as if by hand.
function pressed(name) {
	const button = document.querySelector(`#search [data-key="${name}"]`);
	button?.focus();
	button?.click();
	const opened = button?.popoverTargetElement;
	(opened?.querySelector("input:not([type=hidden])") ?? opened?.querySelector("a"))?.focus();
	return true;
}

// wentInto puts the focus on the first link of a part of the search.
function wentInto(name) {
	document.querySelector(`#search [data-into="${name}"] a`)?.focus();
	return true;
}

function messageStep(steps) {
	const heads = [...document.querySelectorAll(".message > summary")];
	const at = heads.indexOf(document.activeElement);
	const next = heads[at < 0 ? (steps > 0 ? 0 : heads.length - 1) : Math.min(Math.max(at + steps, 0), heads.length - 1)];
	next?.focus();
	next?.scrollIntoView({ block: "nearest" });
	return true;
}

function go(selector) {
	const link = document.querySelector(selector);
	if (link) location.href = link.href;
	return true;
}

function extend(steps) {
	toggle(true);
	move(steps);
	toggle(true);
	return true;
}

const verbs = {
	down: () => (move(1), true),
	up: () => (move(-1), true),
	open: () => {
		const row = current();
		if (!row) return false;
		remember(row);
		location.href = row.querySelector(".open").href;
		return true;
	},
	back: () => go("[data-back]"),
	newer: () => go('[data-neighbour="newer"]'),
	older: () => go('[data-neighbour="older"]'),
	"next-message": () => messageStep(1),
	"previous-message": () => messageStep(-1),
	select: () => (toggle(), true),
	"select-down": () => extend(1),
	"select-up": () => extend(-1),
	"select-all": () => (pick(() => true), true),
	"select-none": () => (pick(() => false), true),
	"select-unread": () => (pick((row) => row.classList.contains("unread")), true),
	star: () => {
		if (onThread()) document.querySelector(".bar .starbox")?.click();
		else if (selected().length > 0) act("star");
		else current()?.querySelector(".starbox")?.click();
		return true;
	},
	undo: () => {
		const form = lastUndo();
		if (form) form.requestSubmit();
		else tell("There is nothing to undo here. The journal has everything that was done.");
		return true;
	},
	search: () => {
		const field = document.getElementById("find");
		field?.focus();
		field?.select();
		return true;
	},
	rail: () => {
		const narrow = document.documentElement.toggleAttribute("data-rail");
		document.cookie = `rail=${narrow ? "narrow" : "wide"}; path=/; max-age=31536000; samesite=lax`;
		return true;
	},
	palette: () => (document.dispatchEvent(new Event("palette")), true),
	escape: () => {
		const active = document.activeElement;
		if (active?.matches("input, textarea")) active.blur();
		else pick(() => false);
		const row = current();
		if (row) focus(row);
		return false;
	},
};

