// The panel beside a service that works.
//
// In: the web example under its load. Out: each page reads, the tables sort and filter, stacks open, sites are
// retuned, cleared and switched, figures move by themselves, and responses say what the caches took.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PANEL, launch, load, pagesOf, serve, traced, visit } from './browser.mjs';

let browser;
let service;

before(async () => {
    [browser, service] = await Promise.all([launch(), serve()]);
    await load(service.url, '--rate=60', '--seconds=2', '--at-once=4');
});

after(async () => {
    await browser?.close();
    await service?.end();
});

/** Opens a page of the panel, marked, so that a reload is seen. */
async function open(page, place) {
    await page.goto(service.url + place);
    await page.evaluate(() => (window.isTheSame = true));
}

const isTheSame = (page) => page.evaluate(() => window.isTheSame === true);

/** The texts of one column of the table. */
async function column(page, title) {
    const titles = await page.locator('[data-region] thead th').allInnerTexts();
    const place = titles.findIndex((text) => text.startsWith(title));
    assert.notEqual(place, -1, `no column ${title} in ${titles}`);
    return page.locator(`[data-region] tbody tr > :nth-child(${place + 1})`).allInnerTexts();
}

const number = (text) => Number(text.replaceAll(',', ''));

const row = (page, site) => page.locator('[data-region] tbody tr', { has: page.getByRole('link', { name: site }) });

test('every page reads while the service is under load', async () => {
    const table = load(service.url, '--rate=30', '--seconds=8', '--at-once=4');
    await visit(browser, service.url, {}, async (page) => {
        for (const heading of Object.keys(await pagesOf(service.url))) {
            // Asked anew: a hundred requests later this one would not be kept.
            const place = (await pagesOf(service.url))[heading];
            const answer = await page.goto(service.url + place);
            assert.equal(answer.status(), 200, place);
            assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), heading);
            assert.match(await page.title(), / · cached$/);
        }
        for (const name of ['Sites', 'Requests', 'Backends', 'Configuration']) {
            const link = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });
            await link.click();
            assert.equal(await link.getAttribute('aria-current'), 'page');
        }
    });
    assert.match(await table, /0 unexpected answers/);
});

test('a table is sorted by its headers, in place', async () => {
    await visit(browser, service.url, {}, async (page) => {
        await open(page, `${PANEL}/sites`);
        const header = page.getByRole('columnheader', { name: 'Calls' });
        for (const [direction, order] of [['descending', (a, b) => b - a], ['ascending', (a, b) => a - b]]) {
            await header.getByRole('link').click();
            await page.locator(`th[aria-sort=${direction}]`).waitFor();
            const calls = (await column(page, 'Calls')).map(number);
            assert.ok(calls.length >= 8 && new Set(calls).size > 3, `${calls}`);
            assert.deepEqual(calls, calls.toSorted(order), direction);
            assert.match(page.url(), /sort=calls/);
        }
        assert.ok(await isTheSame(page), 'without a reload');
        await page.reload();
        assert.equal(await header.getAttribute('aria-sort'), 'ascending', 'the address holds the order');
    });
});

test('a table is filtered while it is typed', async () => {
    await visit(browser, service.url, {}, async (page) => {
        await open(page, `${PANEL}/sites`);
        await page.getByLabel('Name or file').pressSequentially('search::');
        await page.locator('[data-region] tbody tr').nth(2).waitFor({ state: 'detached' });
        const sites = await page.locator('[data-region] tbody a.site').allTextContents();
        assert.deepEqual(sites.toSorted(), ['web::search::matches', 'web::search::search']);
        assert.ok(await isTheSame(page), 'without a reload');
        await page.getByLabel('Name or file').fill('');
        await page.getByLabel('Backend').selectOption('disk');
        await page.locator('[data-region] tbody tr').nth(1).waitFor({ state: 'detached' });
        assert.match((await column(page, 'Site'))[0], /^web::files::measure/);
        await page.getByRole('link', { name: 'Reset' }).click();
        await page.locator('[data-region] tbody tr').nth(7).waitFor();
        await page.getByLabel('Remark').selectOption('never called');
        await page.locator('[data-region] tbody tr').nth(1).waitFor({ state: 'detached' });
        assert.match((await column(page, 'Site'))[0], /^web::crates::Graph::chain/);
    });
});

test('the stack of a call opens where it is, the user\'s own frames first', async () => {
    const recorded = await traced(service.url);
    await visit(browser, service.url, {}, async (page) => {
        await open(page, recorded);
        assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Cache calls from 2 backends');
        assert.match(await page.locator('.heading p').innerText(), /^\d+ calls in \d+\.\d\dms$/);
        const trace = page.locator('details.trace').first();
        await trace.locator('summary').click();
        await trace.locator('[data-stack]').waitFor();
        const frames = trace.locator('[data-stack] > ol.frames code');
        const own = await frames.allInnerTexts();
        assert.ok(own.length > 0 && own.every((name) => /\bweb::/.test(name)), `${own}`);
        const folded = trace.locator('details.folded').first();
        assert.equal(await folded.locator('li').first().isVisible(), false, 'frames of others are folded');
        await folded.locator('summary').click();
        assert.equal(await folded.locator('li').first().isVisible(), true);
        assert.ok(await isTheSame(page), 'without a reload');
    });
});

test('a site is retuned while the service runs, and taken back', async () => {
    const place = (await pagesOf(service.url))['web::search::matches'];
    // A refused value is a page with a status, which the console notes.
    const expects = /status of 422/;
    await visit(browser, service.url, { expects }, async (page) => {
        await open(page, place);
        const policy = page.locator('ul.policy');
        const ttl = page.locator('form.tune', { has: page.getByLabel('ttl') });
        assert.match(await policy.innerText(), /ttl 1m/);
        await ttl.getByLabel('ttl').fill('30s');
        await ttl.getByRole('button', { name: 'Set' }).click();
        assert.equal(await page.getByRole('status').innerText(), 'Set, at once.');
        assert.match(await policy.innerText(), /ttl 30s/);
        await page.goto(`${service.url}${PANEL}/configuration`);
        assert.match(await page.locator('main').innerText(), /web::search::matches"?\s+ttl\s+30s/);
        await page.goto(service.url + place);
        await ttl.getByLabel('ttl').fill('soon');
        await ttl.getByRole('button', { name: 'Set' }).click();
        assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Nothing has changed');
        assert.match(await page.locator('main').innerText(), /ttl is not a duration above zero/);
        await page.goto(service.url + place);
        await ttl.getByRole('button', { name: 'Take back' }).click();
        assert.match(await policy.innerText(), /ttl 1m/);
    });
});

test('a site is cleared, disabled and enabled from the table', async () => {
    const ask = () => fetch(`${service.url}/files/README.md`).then((answer) => assert.equal(answer.status, 200));
    await visit(browser, service.url, {}, async (page) => {
        await ask();
        await open(page, `${PANEL}/sites`);
        const entries = async (site) => number((await row(page, site).locator('td').allInnerTexts())[6]);
        assert.ok((await entries('tree::text')) > 0, 'there is something to clear');
        await page.getByRole('button', { name: 'Clear web::tree::text' }).click();
        await page.getByRole('status').filter({ hasText: 'Cleared' }).waitFor();
        assert.equal(await entries('tree::text'), 0);
        await page.getByRole('button', { name: 'Disable web::files::measure' }).click();
        await page.getByRole('status').filter({ hasText: 'Disabled' }).waitFor();
        await ask();
        const bypassed = await (await fetch(`${service.url}${PANEL}/api/sites.json`)).text();
        assert.match(bypassed, /"bypassed":\s*[1-9]/, 'its calls go past the cache');
        await page.getByRole('button', { name: 'Enable web::files::measure' }).click();
        await page.getByRole('status').filter({ hasText: 'Enabled' }).waitFor();
        await page.getByRole('button', { name: 'Disable web::files::measure' }).waitFor();
        assert.ok(await isTheSame(page), 'without a reload');
    });
});

test('what cannot be done from the table says why, and nothing is asked for twice', async () => {
    const expects = /status of (403|422)|net::ERR/;
    const refused = async (page, field, value, status, heading) => {
        const asked = [];
        page.on('request', (request) => {
            if (request.url().includes('/act/site')) asked.push(request.method());
        });
        await open(page, `${PANEL}/sites`);
        await page.locator(field).first().evaluate((node, value) => (node.value = value), value);
        const answer = page.waitForResponse((answer) => answer.url().endsWith('/act/site'));
        await page.locator('button[name=clear]').first().click();
        assert.equal((await answer).status(), status);
        await page.getByRole('heading', { level: 1, name: heading }).waitFor();
        assert.deepEqual(asked, ['POST'], 'once, and by no GET');
        assert.equal(new URL(page.url()).pathname, `${PANEL}/sites`, 'a reload is the table again');
        await page.reload();
        await page.getByRole('heading', { level: 1, name: 'Sites' }).waitFor();
    };
    await visit(browser, service.url, { expects }, (page) =>
        refused(page, 'button[name=clear]', 'no::such::site', 422, 'Nothing has changed'));
    await visit(browser, service.url, { expects }, (page) =>
        refused(page, '#act input[name=mark]', 'another', 403, 'This form is out of date'));
});

test('figures that come while a filter is asked for do not undo it', async () => {
    await visit(browser, service.url, {}, async (page) => {
        await open(page, `${PANEL}/sites`);
        await page.getByRole('button', { name: 'Live: on' }).waitFor();
        // The filter's answer is held until the figures have come, or would have.
        let release;
        const held = new Promise((done) => (release = done));
        await page.route(/q=search/, async (route) => {
            await held;
            await route.continue();
        });
        const filtered = page.waitForRequest(/q=search/);
        await page.getByLabel('Name or file').fill('search::');
        await filtered;
        for (let i = 0; i < 3; i += 1) {
            await fetch(`${service.url}/crates`);
            await new Promise((done) => setTimeout(done, 1_100));
        }
        release();
        await page.locator('[data-region] tbody tr').nth(2).waitFor({ state: 'detached' });
        assert.match(page.url(), /q=search/);
        assert.ok(await isTheSame(page), 'without a reload');
    });
});

test('a stack that could not be fetched is fetched when it is opened again', async () => {
    const recorded = await traced(service.url);
    await visit(browser, service.url, { expects: /net::ERR_FAILED/ }, async (page) => {
        await open(page, recorded);
        await page.route(/\/calls\/\d+$/, (route) => route.abort(), { times: 1 });
        const trace = page.locator('details.trace').first();
        const failed = page.waitForEvent('requestfailed');
        await trace.locator('summary').first().click();
        await failed;
        assert.ok(await trace.getByRole('link').isVisible(), 'its link is still there');
        await trace.locator('summary').first().click();
        await trace.locator('summary').first().click();
        await trace.locator('[data-stack]').waitFor();
    });
});

test('figures move by themselves, and the focus stays where it was', async () => {
    await visit(browser, service.url, {}, async (page) => {
        await open(page, `${PANEL}/sites`);
        await page.getByRole('button', { name: 'Live: on' }).waitFor();
        const calls = async () => number((await row(page, 'Graph::total').locator('td').allInnerTexts())[1]);
        const button = page.getByRole('button', { name: 'Clear web::crates::Graph::total' });
        await button.focus();
        const first = await calls();
        await fetch(`${service.url}/crates`);
        await page.waitForFunction(
            (first) => {
                const rows = [...document.querySelectorAll('[data-region] tbody tr')];
                const cells = rows.find((row) => row.innerText.includes('total')).querySelectorAll('td');
                return Number(cells[1].innerText.replaceAll(',', '')) > first;
            },
            first,
            { timeout: 10_000 },
        );
        assert.ok(await button.evaluate((node) => node === document.activeElement), 'the focus is on the same button');
        assert.ok(await isTheSame(page), 'without a reload');

        await open(page, `${PANEL}/requests`);
        await page.getByRole('button', { name: 'Live: on' }).waitFor();
        await fetch(`${service.url}/crates/maud`);
        await page.locator('[data-region]').getByRole('link', { name: '/crates/maud' }).first().waitFor({ timeout: 10_000 });
        assert.ok(await isTheSame(page), 'without a reload');
        await page.getByRole('button', { name: 'Live: on' }).click();
        await page.getByRole('button', { name: 'Live: off' }).waitFor();
    });
});

test('recording is switched off and on, and what was recorded is forgotten', async () => {
    const path = async () => (await fetch(`${service.url}/files/README.md`)).headers.get('x-cached-panel');
    await visit(browser, service.url, {}, async (page) => {
        await open(page, `${PANEL}/requests`);
        await page.getByRole('button', { name: 'Stop' }).click();
        await page.getByText('Recording off').waitFor();
        assert.equal(await path(), null);
        await page.getByRole('button', { name: 'Forget all' }).click();
        await page.getByText('Recording is off. Switch it on above').waitFor();
        await page.getByRole('button', { name: 'Record' }).click();
        await page.getByText('Recording on').waitFor();
        const recorded = await path();
        await page.goto(service.url + recorded);
        assert.match(await page.locator('.heading p').innerText(), /^[23] calls in /);
    });
});

test('a browser reads what the caches took, beside the other timings', async () => {
    await visit(browser, service.url, {}, async (page) => {
        await page.goto(`${service.url}/search?q=server-timing`);
        const timings = await page.evaluate(() =>
            performance.getEntriesByType('navigation')[0].serverTiming.map(({ name, duration, description }) => ({ name, duration, description })),
        );
        const [total] = timings;
        assert.equal(total.name, 'CachePanel_total_time');
        assert.match(total.description, /^Cache \d+ Calls$/);
        assert.ok(total.duration > 0, JSON.stringify(timings));
        assert.ok(timings.some(({ name }) => name === 'CachePanel_hits'), JSON.stringify(timings));
    });
});

test('a request that is not kept is explained, and what is no number is refused', async () => {
    await visit(browser, service.url, { expects: /status of 400/ }, async (page) => {
        const gone = await page.goto(`${service.url}${PANEL}/requests/123456789`);
        assert.equal(gone.status(), 200);
        assert.match(await page.locator('main').innerText(), /This request is not kept/);
        const wrong = await page.goto(`${service.url}${PANEL}/requests/none`);
        assert.equal(wrong.status(), 400);
        assert.match(await page.locator('main').innerText(), /No such request/);
    });
});
