// Whatever is shown stays text.
//
// In: two hundred payloads as names of sites and aliases, option values, keys, paths, methods, hosts and wishes of an
// address. Out: the page is the one that harmless words give, but for its texts; no script runs, no dialog opens, and
// nothing is loaded. The policy of the pages is switched off for it: escaping alone has to do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { PANEL, ROOT, launch, serve, visit } from './browser.mjs';
import { PAYLOADS } from './payloads.mjs';

const HOSTILE = PAYLOADS.map(({ text }) => text);
const HARMLESS = HOSTILE.map((_, place) => `harmless-${place}`);

/** Which payloads are names of files: those that can be, as many as one task of a search looks through. */
const NAMED = HOSTILE.flatMap((text, place) => (text.includes('/') ? [] : [place])).slice(0, 60);

/** The sites of the example that are kept on an alias of ours. */
const ROUTED = ['tree::text', 'tree::sources', 'crates::read', 'search::matches'];

let browser;
let hostile;
let harmless;
const folders = [];

before(async () => {
    assert.equal(PAYLOADS.length, 200);
    browser = await launch();
    [hostile, harmless] = await Promise.all([HOSTILE, HARMLESS].map(started));
});

after(async () => {
    await browser?.close();
    await Promise.all([hostile, harmless].map((service) => service?.end()));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

/** A service whose configuration and whose files have these names. */
async function started(texts) {
    const root = await mkdtemp(path.join(tmpdir(), 'cached-payloads-'));
    folders.push(root);
    await copyFile(path.join(ROOT, 'Cargo.lock'), path.join(root, 'Cargo.lock'));
    await Promise.all(NAMED.map((place) => writeFile(path.join(root, `${place} ${texts[place]}.md`), 'a needle\n')));
    const quoted = (text) => JSON.stringify(text);
    const toml = [
        `namespace = ${quoted(texts[0])}`,
        ...texts.map((text) => `[backends.${quoted(text)}]\nkind = "memory"\nkey_prefix = ${quoted(text)}`),
        ...texts.map((text) => `[sites.${quoted(text)}]\nttl = "1s"`),
        ...ROUTED.map((site, place) => `[sites."web::${site}"]\nbackend = ${quoted(texts[place * 40 + 1])}`),
    ];
    return serve({ words: [`--root=${root}`], env: { CACHED_TOML: toml.join('\n') } });
}

/** A text as it stands in a key: as Rust writes it. */
function written(text) {
    const letters = { '\t': '\\t', '\u202e': '\\u{202e}', '\u200b': '\\u{200b}', '"': '\\"', '\\': '\\\\' };
    return [...text].map((letter) => letters[letter] ?? letter).join('');
}

/** A request as no browser would send it; gives the whole answer. */
async function raw(service, { method = 'GET', target = '/', host, headers = [] }) {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    const lines = [`${method} ${target} HTTP/1.1`, `host: ${host ?? `${hostname}:${port}`}`, ...headers, 'connection: close'];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => (answer += text));
    await once(socket, 'close');
    return answer;
}

/** A visit on which a payload that runs is a fault. */
function watched(service, act, expects) {
    return visit(browser, service.url, { bypassCSP: true, expects }, async (page) => {
        const ran = [];
        await page.context().exposeBinding('hit', (_, number) => void ran.push(number));
        await page.context().addInitScript(`window.skeletonOf = ${skeletonOf}`);
        const result = await act(page);
        assert.deepEqual(ran, [], 'payloads that ran');
        return result;
    });
}

/**
 * A document without its texts, in each page as `skeletonOf`: elements, their attributes, and the values of those that
 * hold no text. Left out is what differs between any two runs: charts, remarks, which figures are zero, which calls
 * have a stack; and the order of what is sorted by names.
 */
function skeletonOf(document) {
    const TEXTS = ['href', 'value', 'aria-label', 'data-keep', 'data-trace', 'datetime'];
    const written = ({ name, value }) => {
        if (TEXTS.includes(name)) return name;
        return name === 'class' ? `class=${value.replace(/ ?\bzero\b/, '')}` : `${name}=${value}`;
    };
    const walk = (node) => {
        if (node.matches('details.trace')) return walk(node.querySelector('summary > code'));
        const attributes = [...node.attributes].filter(({ name }) => name !== 'selected').map(written).sort();
        // Whether there is a history yet depends on the moment.
        const isLeaf = node.matches('svg, .verdict, select[name=verdict], [aria-labelledby=recent]');
        // The button for live figures comes with the script.
        const children = isLeaf ? [] : [...node.children].filter((child) => !child.matches('.live')).map(walk);
        if (node.matches('table, tbody, .cards')) children.sort();
        return `<${[node.localName, ...attributes].join(' ')}>${children.join('')}</>`;
    };
    return walk(document.documentElement);
}

const skeleton = (page) => page.evaluate(() => window.skeletonOf(document));

/** Asks that every link and form stays in the panel. */
async function stays(page) {
    const ways = await page.evaluate(() => [
        ...[...document.querySelectorAll('[href]')].map((node) => node.href),
        ...[...document.forms].map((form) => form.getAttribute('action')).map((action) => new URL(action, location.href).href),
    ]);
    const home = new URL(page.url()).origin + PANEL;
    assert.deepEqual(ways.filter((way) => !way.startsWith(home)), []);
}

/** Asks that two skeletons are one, and else says where they part. */
function same(found, plain, what) {
    if (found === plain) return;
    const place = [...found].findIndex((letter, place) => letter !== plain[place]);
    const from = Math.max(0, place - 100);
    assert.fail(`${what}\n  gives   …${found.slice(from, place + 200)}\n  and not …${plain.slice(from, place + 200)}`);
}

/** The skeleton of a place, and what its text is. */
async function look(page, service, place) {
    await page.goto(service.url + place);
    await stays(page);
    return { skeleton: await skeleton(page), text: await page.locator('body').evaluate((body) => body.textContent) };
}

/** Asks that a place has the same skeleton in both services, and shows these texts in one of them. */
async function alike(placeOf, shown) {
    const plain = await watched(harmless, async (page) => look(page, harmless, await placeOf(harmless)));
    const place = await placeOf(hostile);
    const found = await watched(hostile, (page) => look(page, hostile, place));
    same(found.skeleton, plain.skeleton, place);
    for (const text of shown) assert.ok(found.text.includes(text), `${text} is not shown`);
}

test('names and values of the configuration', async () => {
    await alike(() => `${PANEL}/configuration`, HOSTILE);
    await alike(() => `${PANEL}/backends`, HOSTILE);
    const routed = ROUTED.map((_, place) => HOSTILE[place * 40 + 1]);
    await alike(() => `${PANEL}/sites`, [HOSTILE[0], ...routed]);
    await alike(() => `${PANEL}/site?name=web::tree::text`, [routed[0], ...HOSTILE]);
});

test('keys, in the calls of a request and of a site', async () => {
    const recorded = async (service) => {
        // The first one walks; the second one calls in the same order in both services.
        await fetch(`${service.url}/search?q=needle`);
        return (await fetch(`${service.url}/search?q=a%20needle`)).headers.get('x-cached-panel');
    };
    await alike(recorded, NAMED.map((place) => written(HOSTILE[place])));
    for (let first = 0; first < HOSTILE.length; first += 50) {
        const some = (texts) => texts.slice(first, first + 50);
        const asked = async (service) => {
            for (const text of some(service === hostile ? HOSTILE : HARMLESS)) {
                const answer = await fetch(`${service.url}/search?q=${encodeURIComponent(text)}`);
                assert.equal(answer.status, 200, text);
            }
            return `${PANEL}/site?name=web::search::search`;
        };
        await alike(asked, some(HOSTILE).map((text) => written(text.trim().toLowerCase())));
    }
});

test('paths and methods of requests', async () => {
    const plain = (text) => text.replace(/[^"'{}a-z0-9]/gi, (letter) => encodeURIComponent(letter).replaceAll('*', '%2A'));
    for (let first = 0; first < HOSTILE.length; first += 100) {
        const asked = async (service) => {
            const texts = (service === hostile ? HOSTILE : HARMLESS).slice(first, first + 100);
            for (const text of texts) {
                const method = `X${text.replace(/[^a-z!#$%&'*+.^_`|~-]/gi, '')}`;
                const answer = await raw(service, { method, target: `/files/${plain(text)}` });
                assert.match(answer, /^HTTP\/1.1 405 /, text);
            }
            return `${PANEL}/requests`;
        };
        await alike(asked, HOSTILE.slice(first, first + 100).map(plain));
    }
});

test('hosts, origins and cookies', async () => {
    for (const text of HOSTILE) {
        const sent = text.replace(/[^\x20-\x7e]/g, '');
        const wrong = [
            { host: sent },
            { headers: [`origin: ${sent}`] },
            { headers: [`x-forwarded-for: ${sent}`, `cookie: ${sent}`, `referer: ${sent}`, `user-agent: ${sent}`] },
        ];
        for (const request of wrong) {
            const answer = await raw(hostile, { target: `${PANEL}/requests/999999999`, ...request });
            assert.match(answer, /^HTTP\/1.1 [24]\d\d /);
            const body = answer.split('\r\n\r\n').slice(1).join('');
            assert.ok(!/[<"'&]/.test(sent) || !body.includes(sent), `${text} in ${body}`);
        }
    }
});

test('wishes of an address', async () => {
    const places = [
        (text) => `sites?q=${text}&sort=${text}&dir=${text}&page=${text}&done=${text}`,
        (text) => `sites?alias=${text}&verdict=${text}`,
        (text) => `requests?sort=${text}&dir=${text}&page=${text}&done=${text}`,
        (text) => `site?name=${text}&at=${text}`,
        (text) => `requests/${text}`,
        (text) => `requests/${text}/calls/${text}`,
        (text) => `login?code=${text}`,
        (text) => `${text}`,
    ];
    const addresses = (text) => places.map((place) => `${PANEL}/${place(encodeURIComponent(text))}`);
    await watched(harmless, async (page) => {
        await page.goto(`${harmless.url}${PANEL}/configuration`);
        // As the browser reads them, each in each place; nothing runs in a document that is only read.
        const read = (addresses) =>
            page.evaluate(async (addresses) => {
                const texts = await Promise.all(addresses.map(async (address) => (await fetch(address)).text()));
                return texts.map((text) => window.skeletonOf(new DOMParser().parseFromString(text, 'text/html')));
            }, addresses);
        const plain = await read(addresses('harmless'));
        for (const text of HOSTILE) {
            const found = await read(addresses(text));
            found.forEach((one, kind) => same(one, plain[kind], addresses(text)[kind]));
        }
        // And some of each category as pages, where something could run.
        for (const text of HOSTILE.filter((_, place) => place % 8 === (place >> 3) % 8)) {
            const found = await look(page, harmless, addresses(text)[0]);
            same(found.skeleton, plain[0], text);
            assert.equal(await page.getByLabel('Name or file').inputValue(), text);
        }
    }, /status of 40[04]/);
});

test('what is typed, and what is refused', async () => {
    const some = HOSTILE.filter((_, place) => place % 20 === 3);
    await watched(harmless, async (page) => {
        await page.goto(`${harmless.url}${PANEL}/sites`);
        for (const text of some) {
            await page.getByLabel('Name or file').fill(text);
            await page.waitForFunction((text) => new URL(location.href).searchParams.get('q') === text, text);
        }
        await stays(page);
        const refused = async (text) => {
            await page.goto(`${harmless.url}${PANEL}/site?name=web::tree::text`);
            const form = page.locator('form.tune', { has: page.getByLabel('backend') });
            await form.locator('option').first().evaluate((option, text) => {
                option.value = text;
                option.selected = true;
            }, text);
            await form.getByRole('button', { name: 'Set' }).click();
            await page.getByRole('heading', { name: 'Nothing has changed' }).waitFor();
            return { skeleton: await skeleton(page), text: await page.locator('main').evaluate((main) => main.textContent) };
        };
        const plain = await refused('harmless');
        for (const text of some) {
            const found = await refused(text);
            same(found.skeleton, plain.skeleton, text);
            assert.ok(found.text.includes(text.trim()), `${text} is named`);
        }
    }, /status of 422/);
});

test('a script that got in all the same would not run', async () => {
    await visit(browser, harmless.url, { expects: /Content Security Policy/ }, async (page) => {
        const [ran, refused] = [[], []];
        page.on('console', (message) => refused.push(message.text()));
        await page.context().exposeBinding('hit', (_, number) => void ran.push(number));
        await page.goto(`${harmless.url}${PANEL}/sites`);
        await page.evaluate(() => {
            const script = document.createElement('script');
            script.textContent = 'hit(1)';
            document.body.append(script);
            const link = document.body.appendChild(document.createElement('a'));
            link.setAttribute('onclick', 'hit(2)');
            link.click();
        });
        assert.deepEqual(ran, []);
        assert.ok(refused.length >= 2, `${refused}`);
    });
});
