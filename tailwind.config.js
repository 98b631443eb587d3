/** @type {import('tailwindcss').Config} */
// Where class names are looked for, the type scale and the colours that the daisyUI themes of views/app.css define.
module.exports = {
	content: ["./views/**/*.templ", "./views/**/*.go", "./static/js/*.js"],
	theme: {
		extend: {
			fontSize: {
				"2xs": ["0.6875rem", { lineHeight: "1rem" }],
				xs: ["0.75rem", { lineHeight: "1.125rem" }],
				sm: ["0.8125rem", { lineHeight: "1.25rem" }],
				base: ["0.875rem", { lineHeight: "1.375rem" }],
				lg: ["1rem", { lineHeight: "1.5rem" }],
				xl: ["1.25rem", { lineHeight: "1.625rem", letterSpacing: "-0.015em" }],
				"2xl": ["1.625rem", { lineHeight: "2rem", letterSpacing: "-0.022em" }],
				"3xl": ["2.125rem", { lineHeight: "2.5rem", letterSpacing: "-0.028em" }],
			},
			colors: {
				desk: "var(--desk)",
				sheet: "var(--sheet)",
				raised: "var(--raised)",
				line: "var(--line)",
				ink: "var(--ink)",
				muted: "var(--muted)",
				faint: "var(--faint)",
				accent2: "var(--accent)",
			},
		},
	},
};
