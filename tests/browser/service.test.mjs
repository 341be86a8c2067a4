// The service's own pages, as people see them.
//
// In: the web example as it is started by hand. Out: its pages read, and its end leaves one report.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fits, launch, load, serve, visit } from './browser.mjs';

let browser;
let service;

before(async () => {
    [browser, service] = await Promise.all([launch(), serve()]);
});

after(async () => {
    await browser?.close();
    await service?.end();
});

test('a search goes from the form to a file', async () => {
    await visit(browser, service.url, {}, async (page) => {
        await page.goto(service.url);
        await page.getByLabel('Search').fill('<b>no such words</b>');
        await page.getByRole('button', { name: 'Find' }).click();
        assert.equal(await page.getByRole('heading').innerText(), '"<b>no such words</b>" in the sources');
        assert.equal(await page.getByRole('paragraph').innerText(), '0 lines in 0 files');
        await page.goBack();
        await page.getByLabel('Search').fill('fn service(');
        await page.keyboard.press('Enter');
        await page.getByRole('link', { name: 'examples/web/src/pages.rs' }).click();
        assert.equal(JSON.parse(await page.locator('body').innerText()).path, 'examples/web/src/pages.rs');
    });
});

test('its pages fit a narrow screen, and read without scripts', async () => {
    const narrow = { viewport: { width: 400, height: 800 }, javaScriptEnabled: false };
    await visit(browser, service.url, narrow, async (page) => {
        for (const place of ['/', '/search?q=cached']) {
            await page.goto(service.url + place);
            await fits(page);
        }
    });
});

test('a service under load ends when it is told to, with one report', async () => {
    const own = await serve();
    const table = await load(own.url, '--rate=100', '--seconds=1');
    assert.match(table, /0 unexpected answers/);
    // One that does not end in time is killed, and has no code.
    const { code, stderr } = await own.end();
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(/^cached: \d+ sites of web/gm)?.length, 1, stderr);
});
