// Who may look at the panel, and who may change things.
//
// In: the web example as in a build for release, and a page of somebody else's. Out: the token lets in and stands in no
// address, the link works once, and another page can neither see nor change anything.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { PANEL, eventually, launch, serve, visit } from './browser.mjs';

const TOKEN = 'b3a1c5d7e9f1032547698badcfe10234';

let browser;

before(async () => (browser = await launch()));

after(() => browser?.close());

/** A service of its own for one test. */
async function within(env, act) {
    const service = await serve({ env });
    try {
        return await act(service);
    } finally {
        await service.end();
    }
}

test('the token lets in, and stands in no address, page or line that is printed', async () => {
    await within({ WEB_PANEL_TOKEN: TOKEN }, async (service) => {
        await visit(browser, service.url, { expects: /status of 401/ }, async (page) => {
            const asked = [];
            page.on('request', (request) => asked.push(request.url()));
            const refused = await page.goto(`${service.url}${PANEL}/sites`);
            assert.equal(refused.status(), 401);
            assert.equal(await page.getByRole('heading').innerText(), 'A token is needed');
            assert.doesNotMatch(await page.content(), /web::|web example/, 'nothing of the service is told');
            await page.getByRole('link', { name: 'Log in' }).click();
            await page.getByLabel('Token').fill(TOKEN.replace('b', 'c'));
            await page.getByRole('button', { name: 'Log in' }).click();
            assert.equal(await page.getByRole('alert').innerText(), 'This is not the token of this panel.');
            await page.getByLabel('Token').fill(TOKEN);
            await page.getByLabel('Token').press('Enter');
            await page.getByRole('heading', { name: 'Sites' }).waitFor();

            const [cookie, ...others] = await page.context().cookies();
            assert.deepEqual(others, []);
            assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, 'Strict', PANEL]);
            assert.equal(await page.evaluate(() => document.cookie), '', 'no script reads it');

            await page.goto(`${service.url}${PANEL}/requests`);
            await page.getByText('Recording is off').waitFor();
            const ask = () => fetch(`${service.url}/search?q=a-canary-key`);
            assert.equal((await ask()).headers.get('x-cached-panel'), null, 'nothing is recorded before it is switched on');
            await page.getByRole('button', { name: 'Record' }).click();
            await page.getByText('Recording on').waitFor();
            const recorded = (await ask()).headers.get('x-cached-panel');
            await page.goto(service.url + recorded);
            assert.match(await page.locator('main').innerText(), /web::search::search/);
            for (const place of [recorded, `${PANEL}/sites`, `${PANEL}/requests`, `${PANEL}/configuration`]) {
                await page.goto(service.url + place);
                assert.doesNotMatch(await page.content(), /a-canary-key/, `${place} shows no key`);
                assert.doesNotMatch(await page.content(), new RegExp(TOKEN, 'i'));
            }
            assert.ok(asked.length > 10 && asked.every((url) => !url.includes(TOKEN)), 'no address has the token');
        });
        const { stderr, stdout } = await service.end();
        assert.doesNotMatch(stderr + stdout, new RegExp(TOKEN, 'i'));
        assert.match(stderr, /the panel is built into this program/);
    });
});

test('without a token of the application\'s own a link lets one browser in, once', async () => {
    await within({ WEB_PANEL_TOKEN: '' }, async (service) => {
        const printed = () => /http:\S+\/login\?code=\S+/.exec(service.said.stderr)?.[0];
        const link = await eventually(printed, 'no link is printed');
        await visit(browser, service.url, {}, async (page) => {
            await page.goto(link);
            await page.reload();
            await page.getByRole('button', { name: 'Open the panel' }).click();
            await page.getByRole('heading', { name: 'Sites' }).waitFor();
        });
        await visit(browser, service.url, { expects: /status of 401/ }, async (page) => {
            await page.goto(link);
            await page.getByRole('button', { name: 'Open the panel' }).click();
            assert.match(await page.getByRole('alert').innerText(), /has been used/);
            const refused = await page.goto(`${service.url}${PANEL}/sites`);
            assert.equal(refused.status(), 401);
        });
    });
});

test('a token that is too short keeps the service from starting', async () => {
    const started = serve({ env: { WEB_PANEL_TOKEN: 'too-short' } });
    await assert.rejects(started, (error) => {
        assert.match(error.message, /the service ended with 2/);
        assert.doesNotMatch(error.message, /too-short/, 'and it is not printed');
        return true;
    });
});

/** What a page of somebody else's may try: each gives what it got. */
async function attack({ panel, mark }) {
    const form = new URLSearchParams({ on: 'false', mark });
    const tries = {
        read: () => fetch(`${panel}/sites`).then((answer) => answer.text()),
        'read with cookies': () => fetch(`${panel}/api/sites.json`, { credentials: 'include' }).then((answer) => answer.text()),
        'post blindly': () => fetch(`${panel}/act/record`, { method: 'POST', mode: 'no-cors', credentials: 'include', body: form }).then(() => 'sent'),
        'post with a header': () => fetch(`${panel}/act/record`, { method: 'POST', headers: { authorization: 'Bearer x' }, body: form }).then(() => 'sent'),
        beacon: () => Promise.resolve(navigator.sendBeacon(`${panel}/act/record`, form) ? 'sent' : 'refused'),
        listen: () => new Promise((done) => {
            const source = new EventSource(`${panel}/live?of=sites`);
            source.onopen = () => done('it listens');
            source.onerror = () => done(null);
        }),
        frame: () => new Promise((done) => {
            const frame = document.createElement('iframe');
            // A refused page is a blank one of an origin that nobody may look into, as an allowed one would be.
            frame.onload = () => done('framed');
            frame.src = `${panel}/sites`;
            document.body.append(frame);
            setTimeout(() => done(null), 2_000);
        }),
        script: () => new Promise((done) => {
            const script = document.createElement('script');
            script.onload = () => done('loaded');
            script.onerror = () => done(null);
            script.src = `${panel}/script.js`;
            document.head.append(script);
        }),
    };
    const got = {};
    for (const [name, act] of Object.entries(tries)) got[name] = await act().catch(() => null);
    return got;
}

test('a page of another origin sees nothing and changes nothing', async () => {
    await within({}, async (service) => {
        const foreign = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><body>'));
        foreign.listen(0, '127.0.0.1');
        await once(foreign, 'listening');
        const context = await browser.newContext();
        try {
            const own = await context.newPage();
            await own.goto(`${service.url}${PANEL}/sites`);
            // Even if it knew the mark of the form.
            const mark = await own.locator('input[name=mark]').first().inputValue();
            for (const host of ['127.0.0.1', 'localhost']) {
                const page = await context.newPage();
                const frames = [];
                page.on('response', (answer) => {
                    if (answer.url().startsWith(service.url)) frames.push([new URL(answer.url()).pathname, answer.status()]);
                });
                await page.goto(`http://${host}:${foreign.address().port}/`);
                const got = await page.evaluate(attack, { panel: service.url + PANEL, mark });
                for (const name of ['read', 'read with cookies', 'post with a header', 'listen', 'script']) {
                    assert.equal(got[name], null, `${host}: ${name}`);
                }
                const let_in = frames.filter(([, status]) => status < 400);
                assert.deepEqual(let_in.filter(([path]) => path !== `${PANEL}/sites`), [], host);
                const framed = page.frames().find((frame) => frame !== page.mainFrame());
                const seen = framed ? await framed.evaluate(() => document.body?.innerText ?? '').catch(() => '') : '';
                assert.doesNotMatch(seen, /web::/, `${host}: framed`);
                // A form that it sends itself is a navigation, with the cookies that go with one.
                await page.evaluate(({ panel, mark }) => {
                    const form = Object.assign(document.createElement('form'), { method: 'post', action: `${panel}/act/record` });
                    for (const [name, value] of Object.entries({ on: 'false', mark })) {
                        form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
                    }
                    document.body.append(form);
                    form.submit();
                }, { panel: service.url + PANEL, mark });
                await page.getByRole('heading', { name: 'Not from another page' }).waitFor();
                await own.reload();
                assert.equal(await own.locator('.state').innerText(), 'Recording on', `${host}: nothing has changed`);
            }
        } finally {
            await context.close();
            foreign.close();
            foreign.closeAllConnections();
        }
    });
});

test('a name that only resolves to this machine is not this machine', async () => {
    await within({}, async (service) => {
        const { port } = new URL(service.url);
        // As DNS rebinding does it: the browser asks our port under a foreign name.
        const rebound = await launch([`--host-resolver-rules=MAP rebound.example 127.0.0.1`]);
        try {
            const origin = `http://rebound.example:${port}`;
            // Neither its style nor its script answers under that name, and the console notes it.
            const expects = /status of 403|Refused to (apply style|execute script)|Cross-Origin-Opener-Policy/;
            await visit(rebound, origin, { expects }, async (page) => {
                const answer = await page.goto(`${origin}${PANEL}/sites`);
                assert.equal(answer.status(), 403);
                assert.equal(await page.getByRole('heading').innerText(), 'Not under this name');
                assert.doesNotMatch(await page.content(), /web::/);
                assert.equal((await page.goto(origin)).status(), 200, 'the service itself answers');
            });
        } finally {
            await rebound.close();
        }
    });
});
