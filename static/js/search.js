// The search page: parts of the query and facets change it in place, facets are counted once one rests.
import { rows, settle } from "./list.js";

const rest = 250; // milliseconds without a new result before facets are counted
let timer = 0;
let counting = null; // the AbortController of the request under way
let counted = ""; // the address whose facets are shown
let changing = null;

const bar = () => document.querySelector("#found [data-query]");
const panel = () => document.getElementById("facets");

export function startSearch() {
	document.addEventListener("click", onLink);
	document.addEventListener("submit", onForm);
	document.addEventListener("keydown", onChipKey);
	document.addEventListener("keydown", onSpace);
	document.addEventListener("pointerdown", onRange);
	document.addEventListener("htmx:afterSettle", later);
	document.addEventListener("refreshed", () => {
		counted = "";
		later();
	});
	later();
}

function later() {
	forgetDoubles();
	clearTimeout(timer);
	counting?.abort();
	timer = setTimeout(count, counted ? rest : 0);
}

// count brings the facets up to date with the results.
async function count() {
	const url = bar()?.dataset.facets ?? "";
	if (url === counted) return;
	if (!url || rows().length === 0) {
		counted = url;
		panel().replaceChildren();
		return;
	}
	counting = new AbortController();
	panel().setAttribute("aria-busy", "true");
	try {
		const answer = await fetch(url, { signal: counting.signal, headers: { "HX-Request": "true" } });
		if (!answer.ok) return;
		panel().innerHTML = await answer.text(); // from our own server, escaped there
		counted = url;
	} catch {
		// a newer result has taken its place, or the program is away
	} finally {
		panel().removeAttribute("aria-busy");
	}
}

// A conversation that was found on an earlier stretch is not shown again.
function forgetDoubles() {
	const seen = new Set();
	for (const row of rows()) {
		if (seen.has(row.id)) row.remove();
		seen.add(row.id);
	}
}

function onLink(event) {
	if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
	const link = event.target.closest?.("#search a[data-refine]");
	if (!link) return;
	event.preventDefault();
	refine(link.getAttribute("href"));
}

function onForm(event) {
	const form = event.target;
	if (!form.matches("form[data-refine]")) return;
	event.preventDefault();
	refine("/search?" + new URLSearchParams(new FormData(form)));
}

// refine goes to another query without leaving the page.
async function refine(url) {
	const near = placeOf(document.activeElement);
	document.querySelectorAll("#search [popover]:popover-open").forEach((open) => open.hidePopover());
	changing?.abort();
	changing = new AbortController();
	let answer;
	try {
		answer = await fetch(url, { signal: changing.signal, headers: { "HX-Request": "true" } });
	} catch (error) {
		if (error.name !== "AbortError") location.href = url;
		return;
	}
	if (!answer.ok) {
		location.href = url;
		return;
	}
	const html = await answer.text();
	const page = new DOMParser().parseFromString("<div id=found class=found>" + html + "</div>", "text/html");
	Idiomorph.morph(document.getElementById("found"), page.getElementById("found"));
	htmx.process(document.getElementById("found"));
	const shown = answer.headers.get("HX-Push-Url") ?? new URL(answer.url).pathname + new URL(answer.url).search;
	if (!new URL(answer.url).searchParams.has("edit")) history.pushState({ refined: true }, "", shown);
	document.body.dataset.path = shown;
	document.getElementById("find").value = bar()?.dataset.query ?? "";
	settle();
	later();
	document.getElementById("said").textContent = document.querySelector("#found .total")?.textContent ?? "";
	(document.querySelector("#found [autofocus]") ?? near())?.focus();
	document.querySelector("#found input[autofocus]")?.select();
}

addEventListener("popstate", (event) => {
	if (document.getElementById("found")) location.reload();
});

// placeOf remembers where the focus is, to find the place again in what replaces it.
function placeOf(active) {
	const list = active?.closest?.("#search [data-into]");
	if (!list) return () => null;
	const name = list.dataset.into;
	const links = [...list.querySelectorAll("a")];
	const i = links.indexOf(active);
	return () => {
		const now = document.querySelectorAll(`#search [data-into="${name}"] a`);
		return now[Math.min(Math.max(i, 0), now.length - 1)] ?? document.getElementById("find");
	};
}

// onSpace presses links that are buttons, as the space bar presses buttons.
function onSpace(event) {
	if (event.key !== " " || !event.target.matches?.('#search a[role="button"]')) return;
	event.preventDefault();
	event.target.click();
}

// onChipKey moves along the parts of the query and changes them.
function onChipKey(event) {
	const chip = event.target.closest?.(".chip");
	if (!chip || event.ctrlKey || event.metaKey || event.altKey) return;
	if (event.target.matches("input")) {
		if (event.key !== "Escape") return;
		chip.querySelector('[data-chip="cancel"]').click();
		event.preventDefault();
		return event.stopPropagation();
	}
	const chips = [...document.querySelectorAll("#found .chip .chip-text")];
	const at = chips.indexOf(chip.querySelector(".chip-text"));
	if (event.key === "ArrowRight" || event.key === "ArrowLeft") chips[at + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
	else if (event.key === "Delete" || event.key === "Backspace") chip.querySelector('[data-chip="remove"]').click();
	else if (event.key === "-") chip.querySelector('[data-chip="negate"]').click();
	else return;
	event.preventDefault();
	event.stopPropagation();
}

// onRange lets one draw over the bars of several dates.
function onRange(event) {
	const first = event.target.closest?.("[data-chart] a");
	if (!first || event.button !== 0) return;
	const chart = first.closest("svg");
	const bars = [...chart.querySelectorAll("a")];
	let last = first;
	const mark = () => {
		const [from, to] = [bars.indexOf(first), bars.indexOf(last)].sort((a, b) => a - b);
		bars.forEach((b, i) => b.classList.toggle("ranged", from !== to && i >= from && i <= to));
	};
	const over = (e) => {
		const under = document.elementFromPoint(e.clientX, e.clientY)?.closest?.("[data-chart] a");
		if (under) last = under;
		mark();
	};
	const up = () => {
		document.removeEventListener("pointermove", over);
		document.removeEventListener("pointerup", up);
		if (last === first) return;
		chart.addEventListener("click", (e) => (e.preventDefault(), e.stopPropagation()), { capture: true, once: true });
		const [a, b] = [first, last].sort((x, y) => (x.dataset.from < y.dataset.from ? -1 : 1));
		const url = new URL(a.getAttribute("href"), location.href);
		
		url.searchParams.set("q", url.searchParams.get("q").replace(a.dataset.part, `date:${a.dataset.from}..${b.dataset.to}`));
		refine(url.pathname + url.search);
	};
	event.preventDefault();
	document.addEventListener("pointermove", over);
	document.addEventListener("pointerup", up);
}
