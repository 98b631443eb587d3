// Actions without leaving the page: forms marked data-act are sent in the background and answered by a toast.
import { leave, rowOf, selected, settle } from "./list.js";
import { refresh } from "./live.js";
import { show, showNext, tell } from "./toast.js";

// After these an open conversation has no more business here.
const leaving = new Set(["archive", "trash", "spam", "snooze", "quarantine", "release", "unread"]);
// After these a row no longer belongs to the list it stands in.
const removing = new Set(["archive", "trash", "spam", "snooze", "quarantine", "release", "inbox"]);

export function startActs() {
	document.addEventListener("submit", (event) => {
		const form = event.target;
		if (!form.matches("form[data-act]")) return;
		const data = new FormData(form, event.submitter);
		if (data.get("all")) return; // all that matches: the server asks first, on a page of its own
		event.preventDefault();
		send(form, event.submitter, data);
	});
}

async function send(form, button, data) {
	const url = new URL(button?.hasAttribute("formaction") ? button.formAction : form.action, location.href);
	const kind = url.searchParams.get("kind") ?? data.get("kind") ?? "";
	button?.closest("[popover]")?.hidePopover();
	const ids = data.getAll("thread");
	const emails = data.getAll("email").map((id) => document.getElementById("m" + id)); // of a search by emails
	const rows = [...ids.map(rowOf), ...emails].filter(Boolean);
	if (form.id === "bulk" && !document.querySelector("[data-thread]") && ids.length + emails.length === 0) {
		return tell("Select some mail first.", true);
	}
	if (removing.has(kind)) leave(rows);
	star(rows, button, kind);
	const reply = await post(url, data);
	if (!reply) {
		rows.forEach((row) => row.classList.remove("leaving"));
		return tell("No answer came. It may have been done: reload to see.", true);
	}
	const { answer, html } = reply;
	if (!answer.ok) {
		rows.forEach((row) => row.classList.remove("leaving"));
		return show(html);
	}
	const thread = document.querySelector("[data-thread]");
	if (thread && leaving.has(kind)) {
		showNext(html);
		location.href = document.querySelector("[data-back]").href;
		return;
	}
	show(html);
	form.closest("[data-toast]")?.remove();
	if (removing.has(kind)) rows.forEach((row) => row.remove());
	if (form.id === "bulk" && !thread) selected().forEach((pick) => (pick.checked = false));
	settle();
	await refresh();
}

// post sends a change. While no answer comes it is sent again with the same key, by which the server does it once; null
// when none came at all.
async function post(url, data) {
	data.set("key", newKey());
	for (const wait of [500, 1500, 4000, 0]) {
		try {
			const answer = await fetch(url, { method: "POST", body: new URLSearchParams(data), headers: { "HX-Request": "true" } });
			return { answer, html: await answer.text() };
		} catch {
			await new Promise((done) => setTimeout(done, wait));
		}
	}
	return null;
}

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// star turns a star at once.
function star(rows, button, kind) {
	if (kind !== "star" && kind !== "unstar") return;
	for (const box of [...rows.map((row) => row.querySelector(".starbox")), button]) {
		if (box?.matches(".starbox")) box.setAttribute("aria-pressed", String(kind === "star"));
	}
}

// act does something with the selected rows, or with the one the focus is on, or with the open conversation.
export function act(kind, fields = {}) {
	const thread = document.querySelector("[data-thread]");
	const form = document.getElementById(thread && leaving.has(kind) ? "leave" : "bulk");
	if (!form) return;
	const button = document.createElement("button");
	button.hidden = true;
	button.setAttribute("form", form.id);
	const query = new URLSearchParams({ kind, ...fields });
	button.setAttribute("formaction", "/actions?" + query);
	document.body.append(button);
	const undo = pickCurrent();
	form.requestSubmit(button);
	button.remove();
	if (undo) undo();
}

// pickCurrent selects the row with the focus when nothing is selected, and returns how to take that back.
export function pickCurrent() {
	if (selected().length > 0) return null;
	const box = document.querySelector(".row.here .pickbox");
	if (!box) return null;
	box.checked = true;
	settle();
	return () => {
		box.checked = false;
		settle();
	};
}
