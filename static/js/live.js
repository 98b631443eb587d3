// Live updates: when mail changes, the page is fetched again and what differs is changed in place, so that focus,
// selection and scroll stay.
import { rows, settle } from "./list.js";

let busy = false;
let again = false;

// refresh brings the list, the rail and the side of the page up to date.
export async function refresh() {
	if (busy) {
		again = true;
		return;
	}
	busy = true;
	try {
		await morph();
	} catch {
		// the next event tries again
	} finally {
		busy = false;
	}
	if (again) {
		again = false;
		await refresh();
	}
}

async function morph() {
	if (document.activeElement?.id === "find") return; // the search answers each key by itself
	const url = new URL(location.href);
	url.hash = "";
	if (rows().length > 0) url.searchParams.set("rows", String(rows().length));
	const here = document.body.dataset.path;
	const answer = await fetch(url, { headers: { Accept: "text/html", "X-Live": "1" } });
	if (!answer.ok || answer.redirected || document.body.dataset.path !== here) return;
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	if (document.querySelector("[data-thread]")) append(page);
	const gone = new Set([...document.querySelectorAll(".row.leaving")].map((row) => row.id));
	for (const part of document.querySelector("[data-thread]") ? ["rail", "thread-head", "side"] : ["rail", "main"]) {
		const from = document.getElementById(part);
		const to = page.getElementById(part);
		if (!from || !to) continue;
		to.querySelectorAll(".row").forEach((row) => gone.has(row.id) && row.remove());
		Idiomorph.morph(from, to, { ignoreActiveValue: true, callbacks: { beforeAttributeUpdated: mayChange, beforeNodeMorphed: mayMorph } });
	}
	htmx.process(document.getElementById("main"));
	settle();
	document.dispatchEvent(new Event("refreshed"));
}

// append adds the messages that came since the conversation was opened; those on the page stay as they are.
function append(page) {
	for (const message of page.querySelectorAll("#messages > li")) {
		if (!document.getElementById(message.firstElementChild.id)) document.getElementById("messages").append(message);
	}
	htmx.process(document.getElementById("messages"));
}

// mayChange leaves alone what the person has set: checked boxes, folded groups, the marked row.
function mayChange(name, node) {
	if (name === "checked" && node.matches(".pickbox, .pickall, [data-all]")) return false;
	return !(name === "open" && node.matches("details"));
}

function mayMorph(from, to) {
	if (from.nodeType === 1 && from.matches(".row.here")) to.classList.add("here");
	if (from.nodeType === 1 && from.matches(".pickbox, [data-all]") && from.checked) to.setAttribute("checked", "");
	return !(from.nodeType === 1 && from.matches("[popover]:popover-open, #facets, [data-draft]")); // what is being written stays
}

export function startLive() {
	let source = null;
	const open = () => {
		if (source || document.hidden || !document.getElementById("rail")) return;
		source = new EventSource("/events");
		source.addEventListener("mail", refresh);
		source.addEventListener("error", () => {
			if (source?.readyState === EventSource.CLOSED) {
				source = null;
				setTimeout(open, 5000);
			}
		});
	};
	const close = () => {
		source?.close();
		source = null;
	};
	addEventListener("pagehide", close);
	addEventListener("pageshow", (event) => {
		open();
		if (event.persisted) refresh();
	});
	document.addEventListener("visibilitychange", () => {
		if (document.hidden) return close();
		open();
		refresh();
	});
	document.addEventListener("htmx:afterSettle", settle);
}
