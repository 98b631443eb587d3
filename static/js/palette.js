// The palette: every command of the registry by its name, and every place and label of the rail.
import { commands, inScope, run } from "./commands.js";

let shown = [];
let at = 0;

const dialog = () => document.getElementById("palette");
const list = () => document.getElementById("palette-list");

function open() {
	const input = dialog().querySelector("input");
	if (dialog().open) return dialog().close();
	input.value = "";
	fill("");
	dialog().showModal();
	input.focus();
}

export function startPalette() {
	document.addEventListener("palette", open);
	document.addEventListener("click", (event) => {
		if (event.target === dialog()) dialog().close();
		const item = event.target.closest?.(".palette-item");
		if (item) choose(Number(item.dataset.n));
	});
	const input = dialog()?.querySelector("input");
	if (!input) return;
	input.addEventListener("input", () => fill(input.value));
	input.addEventListener("keydown", (event) => {
		if (event.key === "ArrowDown") point(at + 1);
		else if (event.key === "ArrowUp") point(at - 1);
		else if (event.key === "Enter") choose(at);
		else return;
		event.preventDefault();
	});
}

function entries() {
	const places = [...document.querySelectorAll("#rail .nav a")].map((a) => ({
		title: a.querySelector(".grow")?.textContent ?? a.textContent.trim(),
		group: "Go to",
		keys: [],
		href: a.href,
	}));
	const known = new Set();
	return [...commands().filter((c) => inScope(c) && c.do !== "palette" && c.do !== "escape"), ...places].filter((c) => {
		const key = c.group + c.title;
		return !known.has(key) && known.add(key);
	});
}

// score tells how well a title fits what was typed: -1 not at all, else the lower the better.
function score(title, words) {
	const text = title.toLowerCase();
	let sum = 0;
	for (const word of words) {
		const i = text.indexOf(word);
		if (i < 0) return -1;
		sum += i === 0 ? 0 : text[i - 1] === " " ? 1 : 5;
	}
	return sum;
}

function fill(query) {
	const words = query.toLowerCase().split(/\s+/).filter(Boolean);
	shown = entries()
		.map((c) => ({ c, s: score(c.title + " " + c.group, words) }))
		.filter((e) => e.s >= 0)
		.sort((a, b) => a.s - b.s)
		.slice(0, 40)
		.map((e) => e.c);
	if (query.trim()) shown.push({ title: `Search mail for “${query.trim()}”`, group: "", keys: [], href: "/search?q=" + encodeURIComponent(query.trim()) });
	list().replaceChildren(...shown.map(item));
	point(0);
}

function item(command, n) {
	const el = document.createElement("div");
	el.className = "palette-item";
	el.id = "palette-" + n;
	el.dataset.n = String(n);
	el.setAttribute("role", "option");
	const text = document.createElement("span");
	text.textContent = command.title;
	const group = document.createElement("span");
	group.className = "group";
	group.textContent = command.group;
	const keys = document.createElement("span");
	keys.className = "keys flex gap-1";
	for (const key of command.keys[0]?.split(" ") ?? []) {
		const kbd = document.createElement("kbd");
		kbd.textContent = key;
		keys.append(kbd);
	}
	el.append(text, group, keys);
	return el;
}

function point(n) {
	at = Math.min(Math.max(n, 0), shown.length - 1);
	[...list().children].forEach((el, i) => el.setAttribute("aria-selected", String(i === at)));
	list().children[at]?.scrollIntoView({ block: "nearest" });
	dialog().querySelector("input").setAttribute("aria-activedescendant", "palette-" + at);
}

function choose(n) {
	const command = shown[n];
	if (!command) return;
	dialog().close();
	run(command, null);
}
