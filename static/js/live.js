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
	if (!(await lengthen(page, rows().length)) || document.body.dataset.path !== here) return;
	if (document.querySelector("[data-thread]")) append(page);
	const gone = new Set([...document.querySelectorAll(".row.leaving")].map((row) => row.id));
	const fresh = takeList(page, gone);
	for (const part of document.querySelector("[data-thread]") ? ["rail", "thread-head", "side"] : ["rail", "main"]) {
		const from = document.getElementById(part);
		const to = page.getElementById(part);
		if (!from || !to) continue;
		morphInto(from, to);
	}
	if (fresh) putRows(document.getElementById("list"), fresh);
	htmx.process(document.getElementById("main"));
	settle();
	document.dispatchEvent(new Event("refreshed"));
}

const morphInto = (from, to) =>
	Idiomorph.morph(from, to, { ignoreActiveValue: true, callbacks: { beforeAttributeUpdated: mayChange, beforeNodeMorphed: mayMorph } });

// takeList takes the rows out of a fetched page, without those that are leaving, if this page has a list too: a list is
// brought up to date row by row, which stays quick when it is long.
function takeList(page, gone) {
	const [from, to] = [document.getElementById("list"), page.getElementById("list")];
	if (!from?.matches("ul") || !to?.matches("ul")) return null;
	const fresh = [...to.children].filter((row) => !gone.has(row.id));
	to.replaceChildren();
	return fresh;
}

// putRows makes the list hold these rows in this order. Rows that are as they were are not touched.
function putRows(list, fresh) {
	const wanted = new Set(fresh.map((row) => row.id));
	for (const row of [...list.children]) if (!wanted.has(row.id)) row.remove();
	const known = new Map([...list.children].map((row) => [row.id, row]));
	let at = list.firstElementChild;
	for (const next of fresh) {
		let row = known.get(next.id);
		if (row && next.id === "more" && !row.isEqualNode(next)) {
			row.remove(); // htmx remembers where it leads
			row = null;
			at = at?.isConnected ? at : null;
		}
		if (!row) {
			list.insertBefore(document.importNode(next, true), at);
			continue;
		}
		if (row === at) at = at.nextElementSibling;
		else list.insertBefore(row, at);
		if (!bare(row).isEqualNode(next)) morphInto(row, next);
	}
}

// bare is a row as the server sent it.
function bare(row) {
	const copy = row.cloneNode(true);
	copy.classList.remove("here");
	return copy;
}

// lengthen fetches the stretches of a list that follow, until it is as long as the person has loaded it: a page holds only
// so many rows. It is false when that fails; the next event tries again.
async function lengthen(page, wanted) {
	const list = page.getElementById("list");
	for (let more; (more = list?.querySelector("#more a")); ) {
		const missing = wanted - list.querySelectorAll(".row").length;
		if (missing <= 0) break;
		const next = new URL(more.getAttribute("href"), location.href);
		next.searchParams.set("rows", String(missing));
		const answer = await fetch(next, { headers: { Accept: "text/html", "HX-Request": "true", "X-Live": "1" } });
		if (!answer.ok) return false;
		const stretch = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
		more.closest("li").replaceWith(...stretch.body.firstElementChild.children);
	}
	return true;
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
	if (from.nodeType === 1 && from.id === "list" && from.matches("ul") && to.childElementCount === 0) return false;
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
