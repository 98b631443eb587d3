// Suggestions below the search field: debounced, the last request cancels the ones before, answers are remembered.
import { focus, rows } from "./list.js";

const wait = 60; // milliseconds of rest before asking
const remembered = new Map(); // by what was typed; the oldest go first
let timer = 0;
let asked = null; // the AbortController of the request under way
let at = -1;

const field = () => document.getElementById("find");
const box = () => document.getElementById("suggest");
const offers = () => [...box().querySelectorAll(".offer")];

export function startSuggest() {
	if (!box()) return;
	field().setAttribute("role", "combobox");
	field().setAttribute("aria-controls", "suggest");
	field().setAttribute("aria-autocomplete", "list");
	field().setAttribute("aria-expanded", "false");
	document.addEventListener("input", (event) => event.target === field() && later());
	document.addEventListener("focusin", (event) => {
		if (event.target === field()) later();
		else if (!box().contains(event.target)) close();
	});
	document.addEventListener("keydown", (event) => event.target === field() && onKey(event), true);
	box().addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
	box().addEventListener("click", (event) => {
		const offer = event.target.closest(".offer");
		if (offer) take(offer);
	});
	field().form.addEventListener("submit", close);
	if (document.activeElement === field()) later(); // the focus came before this script
}

function later() {
	clearTimeout(timer);
	timer = setTimeout(ask, wait);
}

async function ask() {
	const typed = field().value;
	asked?.abort();
	if (remembered.has(typed)) return show(remembered.get(typed));
	asked = new AbortController();
	try {
		const answer = await fetch(field().dataset.suggest + "?" + new URLSearchParams({ q: typed }), {
			signal: asked.signal,
			headers: { "HX-Request": "true" },
		});
		const html = answer.status === 200 ? await answer.text() : "";
		if (remembered.size > 200) remembered.delete(remembered.keys().next().value);
		if (answer.ok) remembered.set(typed, html);
		if (field().value === typed) show(html);
	} catch (error) {
		if (error.name !== "AbortError") close();
	}
}

function show(html) {
	if (document.activeElement !== field()) return;
	box().innerHTML = html; // from our own server, escaped there
	point(-1);
	const open = offers().length > 0;
	box().hidden = !open;
	field().setAttribute("aria-expanded", String(open));
}

function close() {
	clearTimeout(timer);
	asked?.abort();
	box().hidden = true;
	field().setAttribute("aria-expanded", "false");
	field().removeAttribute("aria-activedescendant");
	at = -1;
}

function point(n) {
	const all = offers();
	at = all.length === 0 ? -1 : ((n + 1 + all.length + 1) % (all.length + 1)) - 1; // -1 is the field itself
	all.forEach((offer, i) => offer.setAttribute("aria-selected", String(i === at)));
	if (at < 0) return field().removeAttribute("aria-activedescendant");
	field().setAttribute("aria-activedescendant", all[at].id);
	all[at].scrollIntoView({ block: "nearest" });
}

function onKey(event) {
	const open = !box().hidden;
	if (event.key === "ArrowDown" && !open && rows().length > 0) focus(rows()[0]);
	else if (event.key === "ArrowDown" && open) point(at + 1);
	else if (event.key === "ArrowUp" && open) point(at - 1);
	else if (event.key === "Escape" && open) close();
	else if (event.key === "Enter" && open && at >= 0) take(offers()[at]);
	else return;
	event.preventDefault();
	event.stopImmediatePropagation();
}

// take fills a suggestion in, or goes where it leads.
function take(offer) {
	if (offer.dataset.go) {
		location.href = offer.dataset.go;
		return;
	}
	field().value = offer.dataset.fill;
	field().focus();
	field().dispatchEvent(new Event("input", { bubbles: true }));
	close();
	later();
}
