// Pickers: the field at their top filters what is offered, Enter takes the first that is left or what was typed.
const items = (picker) => [...picker.querySelectorAll(".pop-item")];

export function startPickers() {
	document.addEventListener("input", (event) => {
		const picker = event.target.closest?.(".pop");
		if (!picker || !event.target.matches(".pop-find input")) return;
		const wanted = event.target.value.trim().toLowerCase();
		for (const item of items(picker)) item.hidden = !item.textContent.toLowerCase().includes(wanted);
	});
	document.addEventListener("keydown", (event) => {
		const picker = event.target.closest?.(".pop");
		if (!picker) return;
		if (event.key === "ArrowDown" || event.key === "ArrowUp") step(picker, event.key === "ArrowDown" ? 1 : -1);
		else if (event.key === "Enter" && event.target.matches(".pop-find input")) take(picker, event.target);
		else return;
		event.preventDefault();
	});
	document.addEventListener("toggle", reset, true);
}

// take presses the button for what was typed: an offer of just that name or the only one left, else the field's own.
function take(picker, field) {
	const typed = field.value.trim().toLowerCase();
	const left = items(picker).filter((item) => !item.hidden);
	const offer = left.find((item) => item.value.toLowerCase() === typed || item.textContent.trim().toLowerCase() === typed);
	const button = offer ?? (typed && left.length !== 1 ? picker.querySelector(".pop-find button") : null) ?? left[0] ?? picker.querySelector(".pop-find button");
	button?.click();
}

function step(picker, by) {
	const stops = [picker.querySelector(".pop-find input"), ...items(picker).filter((item) => !item.hidden)].filter(Boolean);
	const at = stops.indexOf(document.activeElement);
	stops[(at + by + stops.length) % stops.length]?.focus();
}

// reset empties the field of a picker that closes, so that it sends nothing with the next action.
function reset(event) {
	if (!event.target.matches?.(".pop") || event.newState !== "closed") return;
	const field = event.target.querySelector(".pop-find input");
	if (field) field.value = "";
	items(event.target).forEach((item) => (item.hidden = false));
}
