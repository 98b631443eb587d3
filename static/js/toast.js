// Toasts: what was done, with its undo, and said aloud to screen readers.
const showFor = 8000;
const waiting = "applylens.toast";

const box = () => document.getElementById("toasts");

// show puts the HTML of a toast (views.ToastItem, from our own server) on the page.
export function show(html) {
	const page = new DOMParser().parseFromString(html, "text/html");
	const toast = page.querySelector("[data-toast]");
	if (!toast) return;
	while (box().children.length > 2) box().firstElementChild.remove();
	box().append(toast);
	say(toast.querySelector("[data-said]")?.textContent ?? "");
	const hide = () => {
		if (toast.matches(":hover, :focus-within")) setTimeout(hide, 1500);
		else toast.remove();
	};
	setTimeout(hide, showFor);
}

// showNext keeps a toast for the page that comes next.
export function showNext(html) {
	try {
		sessionStorage.setItem(waiting, html);
	} catch {
		show(html);
	}
}

// tell shows a sentence of the scripts' own.
export function tell(text, failed) {
	const toast = document.createElement("div");
	toast.className = failed ? "toast-card error" : "toast-card";
	toast.dataset.toast = "";
	const said = document.createElement("span");
	said.dataset.said = "";
	said.textContent = text;
	toast.append(said);
	show(toast.outerHTML);
}

// say reads a sentence aloud.
export function say(text) {
	const region = document.getElementById("said");
	region.textContent = "";
	setTimeout(() => (region.textContent = text.trim()), 50);
}

// lastUndo is the form that undoes the last action, while its toast is there.
export const lastUndo = () => [...box().querySelectorAll("form[data-undo]")].at(-1);

export function startToasts() {
	const html = sessionStorage.getItem(waiting);
	if (html) {
		sessionStorage.removeItem(waiting);
		show(html);
	}
}

// watchAlerts says when a saved search with an alert found new mail.
export function watchAlerts() {
	const known = () => Number(document.getElementById("rail-saved")?.dataset.alerts ?? 0);
	let before = known();
	document.addEventListener("refreshed", () => {
		const now = known();
		if (now > before) tell(now - before === 1 ? "A saved search found new mail: see Alerts." : `Saved searches found ${now - before} new mails: see Alerts.`);
		before = now;
	});
}
