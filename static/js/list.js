// The list of conversations: the current row, selection, the bulk bar.
export const rows = () => [...document.querySelectorAll("#list > .row:not(.leaving)")];
export const rowOf = (id) => document.getElementById("t" + id);
export const selected = () => [...document.querySelectorAll("#list .pickbox:checked")];
export const current = () => document.querySelector("#list > .row.here");

let anchor = null; // the row from which Shift selects

export function startList() {
	document.addEventListener("focusin", (event) => {
		const row = event.target.closest?.("#list > .row");
		if (row) mark(row);
	});
	document.addEventListener("click", onPick);
	document.addEventListener("change", (event) => {
		if (event.target.matches(".pickall")) pick(() => event.target.checked);
		if (event.target.matches(".pickbox, .pickall")) settle();
	});
	const last = sessionStorage.getItem("applylens.row");
	if (last && document.getElementById("list")) {
		sessionStorage.removeItem("applylens.row");
		const row = rowOf(last);
		if (row) focus(row);
	}
	document.addEventListener("click", (event) => {
		const row = event.target.closest?.("a.open")?.closest(".row");
		if (row) remember(row);
	});
	settle();
}

// onPick extends a selection with Shift from the last row picked.
function onPick(event) {
	const box = event.target;
	if (!box.matches?.(".pickbox")) return;
	const row = box.closest(".row");
	if (event.shiftKey && anchor?.isConnected) {
		const all = rows();
		const [from, to] = [all.indexOf(anchor), all.indexOf(row)].sort((a, b) => a - b);
		all.slice(from, to + 1).forEach((r) => (r.querySelector(".pickbox").checked = box.checked));
	}
	anchor = row;
	settle();
}

function mark(row) {
	if (row.classList.contains("here")) return;
	document.querySelectorAll(".row.here").forEach((r) => r.classList.remove("here"));
	row.classList.add("here");
}

export function focus(row) {
	mark(row);
	row.querySelector(".open").focus({ preventScroll: true });
	row.scrollIntoView({ block: "nearest" });
}

// remember lets the list put the focus where it was when one comes back.
export function remember(row) {
	sessionStorage.setItem("applylens.row", row.dataset.id);
}

// move puts the focus on the row some steps further.
export function move(steps) {
	const all = rows();
	if (all.length === 0) return;
	const at = all.indexOf(current());
	const next = at < 0 ? (steps > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + steps, 0), all.length - 1);
	focus(all[next]);
	if (next > all.length - 5) document.querySelector("#more a")?.click();
}

// leave fades rows out and moves the focus to the row after them.
export function leave(gone) {
	const all = rows();
	const here = current();
	gone.forEach((row) => row.classList.add("leaving"));
	if (!here || !gone.includes(here)) return;
	const at = all.indexOf(here);
	const next = all.slice(at + 1).find((r) => !gone.includes(r)) ?? all.slice(0, at).reverse().find((r) => !gone.includes(r));
	if (next) focus(next);
}

// pick selects the rows for which want is true, and no others.
export function pick(want) {
	rows().forEach((row) => (row.querySelector(".pickbox").checked = Boolean(want(row))));
	settle();
}

// toggle selects the current row or takes it out of the selection.
export function toggle(on) {
	const box = current()?.querySelector(".pickbox");
	if (!box) return;
	box.checked = on ?? !box.checked;
	anchor = current();
	settle();
}

// settle brings the bulk bar and the box that selects all into line with the selection.
export function settle() {
	const n = selected().length;
	const said = document.querySelector("[data-selected]");
	if (said) said.textContent = n === 1 ? "1 selected" : n + " selected";
	const all = document.querySelector(".pickall");
	if (all) {
		all.checked = n > 0 && n === rows().length;
		all.indeterminate = n > 0 && !all.checked;
	}
	if (n === 0) document.querySelectorAll("[data-all]").forEach((box) => (box.checked = false));
}
