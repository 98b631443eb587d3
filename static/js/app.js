// The entry of the page's scripts. Pages work without any of them; these make them quick.
import { startActs } from "./act.js";
import { startKeys } from "./keys.js";
import { startList } from "./list.js";
import { startLive } from "./live.js";
import { startPalette } from "./palette.js";
import { startPickers } from "./picker.js";
import { startSearch } from "./search.js";
import { startSuggest } from "./suggest.js";
import { startToasts } from "./toast.js";

document.documentElement.dataset.script = "";
noteScheme(matchMedia("(prefers-color-scheme: dark)"));
startToasts();
startList();
startActs();
startKeys();
startPalette();
startPickers();
startSuggest();
startSearch();
startLive();
// On a narrow screen the tabs of a page scroll; the current one is to be seen.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// noteScheme tells the server whether the system is dark, for mail that is shown in its own frame.
function noteScheme(dark) {
	const note = () => (document.cookie = `scheme=${dark.matches ? "dark" : "light"}; path=/; max-age=31536000; samesite=lax`);
	note();
	dark.addEventListener("change", note);
}
