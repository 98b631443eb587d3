// The charts of an objective, by uPlot (vendor/uplot.js). The page draws its budget and lists all figures without this;
// here they can be pointed at, and a click leads to the runs behind a point.
const charts = [];
let data = null;

start();

async function start() {
	const box = document.querySelector("[data-charts]");
	if (!box) return;
	const answer = await fetch(box.dataset.charts, { headers: { Accept: "application/json" } });
	if (!answer.ok) return; // the table stays
	data = await answer.json();
	draw();
	new ResizeObserver(resize).observe(box);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
	document.addEventListener("refreshed", draw);
}

function draw() {
	while (charts.length) charts.pop().destroy();
	if (!data.at?.length) return;
	const look = colours();
	const percent = (u, values) => values.map((v) => (v === null ? "" : `${round(100 * v)} %`));
	const counts = (u, values) => values.map((v) => (v === null ? "" : v.toLocaleString("en")));
	chart("budget", 240, look, percent, [
		{ label: "Left", values: data.remaining, stroke: look.accent, width: 2, fill: look.soft, show: (v) => `${round(100 * v)} %` },
		...(data.even ? [{ label: "Since the beginning", values: data.since, stroke: look.warn, width: 1.5, show: (v) => `${round(100 * v)} %` },
			{ label: "Spent evenly", values: data.even, stroke: look.faint, width: 1.5, dash: [5, 5], show: (v) => `${round(100 * v)} %` }] : []),
	], { range: (u, low, high) => [Math.min(0, low ?? 0) - 0.02, Math.max(1, high ?? 1) + 0.02], zero: 0 });
	const bars = uPlot.paths.bars({ size: [0.8, 12] });
	chart("events", 180, look, counts, [
		{ label: "Events", values: data.total, stroke: look.line2, fill: look.line2, paths: bars, show: (v) => v.toLocaleString("en") },
		{ label: "Bad", values: data.bad, stroke: look.danger, fill: look.danger, paths: bars, show: (v) => v.toLocaleString("en") },
	], { range: (u, low, high) => [0, Math.max(1, (high ?? 1) * 1.05)] });
	chart("errors", 180, look, percent, [
		{ label: "Bad", values: data.share, stroke: look.danger, width: 1.5, show: (v) => `${round(100 * v)} %` },
		{ label: "Allowed", values: data.at.map(() => data.allowed), stroke: look.faint, width: 1.5, dash: [5, 5], show: (v) => `${round(100 * v)} %` },
	], { range: (u, low, high) => [0, Math.max(2 * data.allowed, (high ?? 0) * 1.05)] });
}

function chart(name, height, look, values, lines, y) {
	const body = document.querySelector(`[data-chart="${name}"]`);
	if (!body) return;
	body.replaceChildren();
	const axis = { stroke: look.muted, grid: { stroke: look.line, width: 1 }, ticks: { show: false }, font: look.font };
	const u = new uPlot({
		width: inner(body),
		height,
		cursor: { drag: { x: false, y: false }, sync: { key: "objective" }, points: { size: 6 } },
		legend: { live: true },
		scales: { y: { range: y.range } },
		axes: [{ ...axis, values: days }, { ...axis, values, size: 62 }],
		series: [{ label: "Until", value: (_, v) => (v === null ? "–" : when(v)) },
			...lines.map((l) => ({ spanGaps: false, points: { show: false }, ...l, values: undefined, show: true, value: (_, v) => (v === null || v === undefined ? "–" : l.show(v)) }))],
		hooks: { drawAxes: [(plot) => marks(plot, look, y.zero)] },
	}, [data.at, ...lines.map((l) => l.values)], body);
	u.root.setAttribute("role", "img");
	u.root.setAttribute("aria-label", `${lines.map((l) => l.label).join(", ")} over time; the figures stand in the table below`);
	if (data.runs) {
		u.over.classList.add("leads");
		u.over.addEventListener("click", () => lead(u.cursor.idx));
	}
	charts.push(u);
}

// marks shades the spells of alerts, and draws the line at which nothing is left.
function marks(u, look, zero) {
	const { ctx, bbox } = u;
	ctx.save();
	ctx.beginPath();
	ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
	ctx.clip();
	ctx.fillStyle = look.danger;
	for (const a of data.alerts) {
		const from = u.valToPos(a.from, "x", true);
		const until = u.valToPos(a.until || data.at.at(-1), "x", true);
		ctx.globalAlpha = 0.1;
		ctx.fillRect(from, bbox.top, Math.max(until - from, 2), bbox.height);
		ctx.globalAlpha = 0.9;
		ctx.fillRect(from, bbox.top, Math.max(until - from, 2), 3 * devicePixelRatio);
	}
	if (zero !== undefined) {
		ctx.globalAlpha = 0.6;
		ctx.fillRect(bbox.left, Math.round(u.valToPos(zero, "y", true)), bbox.width, devicePixelRatio);
	}
	ctx.restore();
}

// lead opens the runs of the stretch that a point stands for.
function lead(i) {
	if (i === null || i === undefined) return;
	const q = new URLSearchParams({ agent: data.runs, dry: "no", from: local(data.at[i] - data.step), to: local(data.at[i]) });
	location.assign(`/ops/runs?${q}`);
}

// The server reads times in the zone of the user's settings, which the page names.
const zone = () => document.querySelector("[data-charts]")?.dataset.zone || undefined;
const part = (seconds, options) => new Date(1000 * seconds).toLocaleString("en-GB", { timeZone: zone(), hour12: false, ...options });
const when = (seconds) => part(seconds, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const days = (u, values) => values.map((v) => part(v, u.scales.x.max - u.scales.x.min < 86400 * 2 ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" }));
const local = (seconds) => part(seconds, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" })
	.replace(/(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/, "$3-$2-$1T$4:$5");
const round = (x) => Math.round(x * 100) / 100;

// inner is the width within the padding of a chart's box.
function inner(body) {
	const style = getComputedStyle(body);
	return Math.floor(body.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
}

function resize() {
	for (const u of charts) {
		const width = u.root.parentElement && inner(u.root.parentElement);
		if (width && width !== u.width) u.setSize({ width, height: u.height });
	}
}

// colours are those of the theme in force, as a canvas needs them.
function colours() {
	const probe = document.createElement("span");
	document.body.append(probe);
	const colour = (name) => {
		probe.style.color = `var(--${name})`;
		return getComputedStyle(probe).color;
	};
	const look = { accent: colour("accent"), soft: colour("accent-soft"), danger: colour("danger"), warn: colour("warn"), muted: colour("muted"), faint: colour("faint"),
		line: colour("line"), line2: colour("line-2"), font: `12px ${getComputedStyle(document.body).fontFamily}` };
	probe.remove();
	return look;
}
