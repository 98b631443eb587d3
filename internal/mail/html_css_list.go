package mail

// cssKind says what the value of a property may hold beside words, numbers and colours.
type cssKind uint8

const (
	cssPlain  cssKind = iota + 1
	cssImages         // url() of an image
	cssFont           // quoted names
)

// cssProperties holds the allowed properties. Nothing here places content outside the flow of the mail, moves, runs,
// loads or makes text.
var cssProperties = map[string]cssKind{
	"background": cssImages, "background-image": cssImages, "list-style": cssImages, "list-style-image": cssImages,
	"font": cssFont, "font-family": cssFont,

	"align-content": cssPlain, "align-items": cssPlain, "align-self": cssPlain, "background-attachment": cssPlain,
	"background-clip": cssPlain, "background-color": cssPlain, "background-origin": cssPlain,
	"background-position": cssPlain, "background-position-x": cssPlain, "background-position-y": cssPlain,
	"background-repeat": cssPlain, "background-size": cssPlain, "border": cssPlain, "border-bottom": cssPlain,
	"border-bottom-color": cssPlain, "border-bottom-left-radius": cssPlain, "border-bottom-right-radius": cssPlain,
	"border-bottom-style": cssPlain, "border-bottom-width": cssPlain, "border-collapse": cssPlain,
	"border-color": cssPlain, "border-left": cssPlain, "border-left-color": cssPlain, "border-left-style": cssPlain,
	"border-left-width": cssPlain, "border-radius": cssPlain, "border-right": cssPlain, "border-right-color": cssPlain,
	"border-right-style": cssPlain, "border-right-width": cssPlain, "border-spacing": cssPlain, "border-style": cssPlain,
	"border-top": cssPlain, "border-top-color": cssPlain, "border-top-left-radius": cssPlain,
	"border-top-right-radius": cssPlain, "border-top-style": cssPlain, "border-top-width": cssPlain,
	"border-width": cssPlain, "box-shadow": cssPlain, "box-sizing": cssPlain, "caption-side": cssPlain,
	"clear": cssPlain, "color": cssPlain, "color-scheme": cssPlain, "column-gap": cssPlain, "direction": cssPlain,
	"display": cssPlain, "empty-cells": cssPlain, "flex": cssPlain, "flex-basis": cssPlain, "flex-direction": cssPlain,
	"flex-grow": cssPlain, "flex-shrink": cssPlain, "flex-wrap": cssPlain, "float": cssPlain, "font-size": cssPlain,
	"font-stretch": cssPlain, "font-style": cssPlain, "font-variant": cssPlain, "font-weight": cssPlain,
	"gap": cssPlain, "height": cssPlain, "hyphens": cssPlain, "justify-content": cssPlain, "letter-spacing": cssPlain,
	"line-break": cssPlain, "line-height": cssPlain, "list-style-position": cssPlain, "list-style-type": cssPlain,
	"margin": cssPlain, "margin-bottom": cssPlain, "margin-left": cssPlain, "margin-right": cssPlain,
	"margin-top": cssPlain, "max-height": cssPlain, "max-width": cssPlain, "min-height": cssPlain,
	"min-width": cssPlain, "object-fit": cssPlain, "object-position": cssPlain, "opacity": cssPlain, "order": cssPlain,
	"outline": cssPlain, "overflow": cssPlain, "overflow-wrap": cssPlain, "overflow-x": cssPlain,
	"overflow-y": cssPlain, "padding": cssPlain, "padding-bottom": cssPlain, "padding-left": cssPlain,
	"padding-right": cssPlain, "padding-top": cssPlain, "row-gap": cssPlain, "tab-size": cssPlain,
	"table-layout": cssPlain, "text-align": cssPlain, "text-decoration": cssPlain, "text-decoration-color": cssPlain,
	"text-decoration-line": cssPlain, "text-indent": cssPlain, "text-overflow": cssPlain, "text-shadow": cssPlain,
	"text-size-adjust": cssPlain, "-webkit-text-size-adjust": cssPlain, "text-transform": cssPlain,
	"unicode-bidi": cssPlain, "vertical-align": cssPlain, "visibility": cssPlain, "white-space": cssPlain,
	"width": cssPlain, "word-break": cssPlain, "word-spacing": cssPlain, "word-wrap": cssPlain, "zoom": cssPlain,
}

// cssFunctions holds the allowed functions; none of them loads anything or reads an attribute or a variable.
var cssFunctions = map[string]bool{
	"rgb(": true, "rgba(": true, "hsl(": true, "hsla(": true, "calc(": true, "min(": true, "max(": true, "clamp(": true,
	"linear-gradient(": true, "radial-gradient(": true, "repeating-linear-gradient(": true,
}

// cssUnits holds the allowed units; the frame is as high as its content, so vh would feed on itself.
var cssUnits = map[string]bool{
	"px": true, "em": true, "rem": true, "ex": true, "ch": true, "pt": true, "pc": true, "in": true, "cm": true,
	"mm": true, "vw": true, "deg": true,
}

// cssPseudo holds the allowed pseudo-classes; true marks those that depend on what the reader does, in whose rules no
// image may be loaded.
var cssPseudo = map[string]bool{
	"link": false, "first-child": false, "last-child": false, "only-child": false, "first-of-type": false,
	"last-of-type": false, "visited": true, "hover": true, "active": true, "focus": true,
}

// cssAttributes holds the attributes that a selector may test.
var cssAttributes = map[string]bool{
	"class": true, "id": true, "style": true, "width": true, "height": true, "align": true, "valign": true,
	"bgcolor": true, "dir": true, "lang": true, "border": true,
}
