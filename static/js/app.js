// The entry of the page's scripts. Pages work without any of them; these make them quick.
import { startActs } from "./act.js";
import { startKeys } from "./keys.js";
import { startList } from "./list.js";
import { startLive } from "./live.js";
import { startPalette } from "./palette.js";
import { startToasts, watchAlerts } from "./toast.js";

document.documentElement.dataset.script = "";
noteScheme(matchMedia("(prefers-color-scheme: dark)"));
startToasts();
startList();
startActs();
startKeys();
startPalette();
watchAlerts();
startLive();
if (document.getElementById("found")) import("./search.js").then((m) => m.startSearch());
// A picker opens with nothing to filter yet, so its script may come then.
document.addEventListener("toggle", () => import("./picker.js").then((m) => m.startPickers()), { capture: true, once: true });
whenSearching(() => import("./suggest.js").then((m) => m.startSuggest()));
// On a narrow screen the tabs of a page scroll; the current one is to be seen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// noteScheme tells the server whether the system is dark, for mail that is shown in its own frame.
function noteScheme(dark) {
	const note = () => (document.cookie = `scheme=${dark.matches ? "dark" : "light"}; path=/; max-age=31536000; samesite=lax`);
	note();
	dark.addEventListener("change", note);
}

// whenSearching runs once, when the search field first has the focus: what serves it alone is not part of a first view.
function whenSearching(start) {
	const isField = (element) => element?.id === "find";
	if (isField(document.activeElement)) return start();
	const first = (event) => {
		if (!isField(event.target)) return;
		document.removeEventListener("focusin", first);
		start();
	};
	document.addEventListener("focusin", first);
}
