// The panel for everybody: by keyboard, without scripts, on a narrow screen, in the light and in the dark.
//
// In: each page of it. Out: every control is reached and seen when it is, every page reads and acts without a script,
// nothing sticks out, and every text stands out from what is behind it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { PANEL, fits, launch, load, pagesOf, serve, traced, visit } from './browser.mjs';

let browser;
let service;
let pages;

before(async () => {
    [browser, service] = await Promise.all([launch(), serve()]);
    await load(service.url, '--rate=60', '--seconds=1', '--at-once=4');
    pages = { ...(await pagesOf(service.url)), 'Cache calls from 2 backends': await traced(service.url) };
});

after(async () => {
    await browser?.close();
    await service?.end();
});

/** Numbers every control that can be seen, and gives how many there are. */
const numbered = (page) =>
    page.evaluate(() => {
        const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary');
        const seen = [...all].filter((node) => node.checkVisibility({ visibilityProperty: true }));
        seen.forEach((node, place) => (node.dataset.control = place));
        return seen.length;
    });

/** What has the focus: its number, and what is drawn around it. */
const focused = (page) =>
    page.evaluate(() => {
        const node = document.activeElement;
        if (!node || node === document.body) return null;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(node);
        const { right, bottom, left, top } = node.getBoundingClientRect();
        const is_in_sight = right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
        const is_marked = (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || boxShadow !== 'none';
        return { place: node.dataset.control, text: node.innerText || node.name, is_in_sight, is_marked };
    });

test('the tab key reaches every control, and each is seen when it has the focus', async () => {
    // Without the live figures: a table that is replaced would lose its numbers.
    await visit(browser, service.url, { javaScriptEnabled: false }, async (page) => {
        for (const [heading, place] of Object.entries(pages)) {
            await page.goto(service.url + place);
            const controls = await numbered(page);
            assert.ok(controls >= 6, `${heading} has ${controls} controls`);
            const reached = new Set();
            for (let steps = 0; steps < 2 * controls + 10; steps += 1) {
                await page.keyboard.press('Tab');
                const found = await focused(page);
                if (!found) break;
                assert.ok(found.is_marked && found.is_in_sight, `${heading}: the focus on "${found.text}" cannot be seen`);
                reached.add(found.place);
            }
            assert.equal(reached.size, controls, `${heading}: the tab key reaches ${reached.size} of ${controls} controls`);
        }
    });
});

test('the keyboard sorts, filters, opens a stack and skips to the content', async () => {
    await visit(browser, service.url, {}, async (page) => {
        await page.goto(service.url + pages.Sites);
        await page.keyboard.press('Tab');
        assert.equal((await focused(page)).text, 'Skip to the content');
        await page.keyboard.press('Enter');
        assert.match(page.url(), /#main$/);
        await page.getByRole('columnheader', { name: 'Calls' }).getByRole('link').press('Enter');
        await page.locator('th[aria-sort=descending]').waitFor();
        await page.getByLabel('Name or file').press('s');
        await page.getByLabel('Name or file').press('Enter');
        await page.waitForURL(/q=s/);
        await page.goto(service.url + pages['Cache calls from 2 backends']);
        const trace = page.locator('details.trace').first();
        await trace.locator('summary').press('Enter');
        await trace.locator('[data-stack]').waitFor();
    });
});

test('every page reads without a script, and its forms act', async () => {
    await visit(browser, service.url, { javaScriptEnabled: false }, async (page) => {
        for (const [heading, place] of Object.entries(pages)) {
            await page.goto(service.url + place);
            assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), heading);
            assert.ok((await page.locator('main').innerText()).length > 100, heading);
        }
        await page.goto(service.url + pages.Sites);
        await page.getByRole('columnheader', { name: 'Calls' }).getByRole('link').click();
        assert.equal(await page.getByRole('columnheader', { name: 'Calls' }).getAttribute('aria-sort'), 'descending');
        await page.getByLabel('Name or file').fill('tree::');
        await page.getByRole('button', { name: 'Filter' }).click();
        assert.equal(await page.locator('tbody tr').count(), 2);
        assert.equal(await page.getByRole('columnheader', { name: 'Calls' }).getAttribute('aria-sort'), 'descending');
        await page.getByRole('button', { name: 'Clear web::tree::text' }).click();
        assert.match(await page.getByRole('status').innerText(), /^Cleared/);
        assert.equal(await page.locator('tbody tr').count(), 2, 'the filter is kept');
        await page.goto(service.url + pages['web::search::matches']);
        await page.getByRole('button', { name: 'Disable' }).click();
        assert.match(await page.getByRole('status').innerText(), /^Disabled/);
        await page.getByRole('button', { name: 'Enable' }).click();
        assert.match(await page.getByRole('status').innerText(), /^Enabled/);
        await page.goto(service.url + pages['Cache calls from 2 backends']);
        await page.locator('details.trace summary').first().click();
        await page.getByRole('link', { name: 'The stack of this call' }).first().click();
        assert.match(await page.locator('[data-stack]').innerText(), /web::/);
    });
});

test('no page scrolls to the side, down to 400 pixels', async () => {
    await visit(browser, service.url, {}, async (page) => {
        for (const place of Object.values(pages)) {
            await page.goto(service.url + place);
            for (const width of [400, 720, 1100]) {
                await page.setViewportSize({ width, height: 800 });
                await fits(page);
            }
        }
    });
});

test('a stack opens at every width, over the whole row', async () => {
    await visit(browser, service.url, {}, async (page) => {
        for (const width of [400, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            await page.goto(service.url + pages['Cache calls from 2 backends']);
            const trace = page.locator('details.trace').first();
            await trace.locator('summary').click();
            const [stack, table] = await Promise.all([
                trace.locator('[data-stack]').boundingBox(),
                page.locator('table.calls').boundingBox(),
            ]);
            assert.ok(stack.width > 0.9 * table.width, `${stack.width} of ${table.width} at ${width}`);
            await fits(page);
        }
    });
});

/** Texts that stand out too little: below 4.5 to 1 (WCAG 2.2, AA). */
const faint = (page) =>
    page.evaluate(() => {
        const parse = (text) => text.match(/[\d.]+/g).map(Number);
        const light = ([red, green, blue]) => {
            const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
            return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
        };
        const behind = (node) => {
            for (let at = node; at; at = at.parentElement) {
                const color = parse(getComputedStyle(at).backgroundColor);
                if (color.length < 4 || color[3] === 1) return color;
            }
            return [255, 255, 255];
        };
        const found = new Map();
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const node = texts.currentNode.parentElement;
            if (!texts.currentNode.data.trim() || !node.checkVisibility() || node.closest('svg, .hidden')) continue;
            const { color } = getComputedStyle(node);
            const [text, ground] = [light(parse(color)), light(behind(node))];
            const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
            if (contrast < 4.5) found.set(`${node.localName}.${node.className} ${contrast.toFixed(2)}`, texts.currentNode.data);
        }
        return [...found];
    });

test('every text stands out, in the light and in the dark', async () => {
    const grounds = new Set();
    for (const colorScheme of ['light', 'dark']) {
        await visit(browser, service.url, { colorScheme }, async (page) => {
            for (const [heading, place] of Object.entries(pages)) {
                await page.goto(service.url + place);
                assert.deepEqual(await faint(page), [], `${heading}, ${colorScheme}`);
            }
            grounds.add(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
        });
    }
    assert.equal(grounds.size, 2, `the two have different grounds: ${[...grounds]}`);
});

test('each table has a caption, and each control a name', async () => {
    await visit(browser, service.url, {}, async (page) => {
        for (const [heading, place] of Object.entries(pages)) {
            await page.goto(service.url + place);
            const bare = await page.evaluate(() => {
                const name = (node) => node.ariaLabel || node.textContent || node.labels?.[0]?.textContent || '';
                const controls = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary');
                const nameless = [...controls].filter((node) => !name(node).trim());
                const headless = [...document.querySelectorAll('table')].filter((table) => !table.caption);
                const loose = [...document.querySelectorAll('thead th:not([scope])')];
                return [...nameless, ...headless, ...loose].map((node) => node.outerHTML.slice(0, 120));
            });
            assert.deepEqual(bare, [], heading);
        }
    });
});

test('the pages name no other place to load from', async () => {
    await visit(browser, service.url, {}, async (page) => {
        for (const place of Object.values(pages)) {
            const answer = await page.goto(service.url + place);
            assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
            assert.equal(answer.headers()['cache-control'], 'no-store');
            const links = await page.locator('a[href]').evaluateAll((links) => links.map((link) => link.href));
            assert.deepEqual(links.filter((link) => !link.startsWith(`${new URL(page.url()).origin}/`)), []);
            assert.ok(links.every((link) => link.includes(PANEL)), 'every link stays in the panel');
        }
    });
});
