// A real service and a real browser.
//
// In: words and environment of the service; what to do on a page. Out: the service's address and its end, and for each
// visit the faults that no page may have: errors on the console, scripts that failed, dialogs, requests elsewhere.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

const TARGET = path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');
const { chromium } = createRequire(path.join(ROOT, 'target/browser/'))('playwright-core');

// As root, and in most containers, Chromium has no sandbox; it sees nothing here but our own pages. The rest keeps it
// from asking anybody else.
const FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
];

/** How long a service may take to begin and to end, in milliseconds. */
const PATIENCE = 10_000;

/** The browser; Debian's, or the one that `CHROMIUM` names. */
export function launch(flags = []) {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    return chromium.launch({ executablePath, headless: true, args: [...FLAGS, ...flags] });
}

/** Starts the web example on a free port, with a folder of its own for what it keeps on disk. */
export async function serve({ profile = 'debug', words = [], env = {} } = {}) {
    const folder = await mkdtemp(path.join(tmpdir(), 'cached-browser-'));
    const child = spawn(path.join(TARGET, profile, 'web'), ['--port=0', ...words], {
        cwd: ROOT,
        env: { ...process.env, TMPDIR: folder, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stderr.setEncoding('utf8').on('data', (text) => (said.stderr += text));
    const lines = createInterface({ input: child.stdout });
    const address = new Promise((found, failed) => {
        lines.on('line', (line) => {
            said.stdout += `${line}\n`;
            const match = /^listening on (http:\S+)$/.exec(line);
            if (match) found(match[1]);
        });
        child.once('error', failed);
        child.once('exit', (code) => failed(new Error(`the service ended with ${code}: ${said.stderr}`)));
        setTimeout(() => failed(new Error(`the service is silent: ${said.stderr}`)), PATIENCE).unref();
    });
    const end = async () => {
        if (child.exitCode === null && child.signalCode === null) {
            const ended = once(child, 'exit');
            child.kill('SIGTERM');
            const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
            await ended;
            clearTimeout(late);
        }
        await rm(folder, { recursive: true, force: true });
        return { code: child.exitCode, ...said };
    };
    try {
        return { url: await address, said, end };
    } catch (error) {
        await end();
        throw error;
    }
}

/** Puts a load on a service until it has ended, and gives what it printed. */
export async function load(url, ...words) {
    const child = spawn(path.join(TARGET, 'debug/load'), [...words, url], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
    const [code] = await once(child, 'close');
    assert.equal(code, 0, text);
    return text;
}

/**
 * Does something on a fresh page, in a context of its own, and then asks that the page had no fault.
 *
 * `options` are those of a context; `expects`, among them, names the messages on the console that belong to the visit.
 */
export async function visit(browser, origin, { expects, ...options }, act) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const faults = [];
    const watch = (page) => {
        page.on('console', (message) => {
            const text = message.text();
            const wrong = ['error', 'warning'].includes(message.type());
            if (wrong && !expects?.test(text)) faults.push(`console: ${text} (${message.location().url})`);
        });
        page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
        page.on('dialog', async (dialog) => {
            faults.push(`dialog: ${dialog.message()}`);
            await dialog.dismiss();
        });
    };
    context.on('page', watch);
    context.on('request', (request) => {
        const url = request.url();
        if (new URL(url).origin !== origin && !url.startsWith('data:')) faults.push(`asked elsewhere: ${url}`);
    });
    try {
        const result = await act(await context.newPage());
        assert.deepEqual(faults, []);
        return result;
    } finally {
        await context.close();
    }
}

/** Asks that nothing sticks out of the page at its right edge. */
export async function fits(page) {
    const [wide, room] = await page.evaluate(() => {
        const root = document.scrollingElement;
        return [root.scrollWidth, root.clientWidth];
    });
    assert.ok(wide <= room, `${page.url()} is ${wide} pixels wide and has ${room}`);
}

/** Where the panel of the web example is. */
export const PANEL = '/__cached';

/** Its pages, by heading, with the way to one site and one request. */
export async function pagesOf(url) {
    const recorded = (await fetch(`${url}/files/README.md`)).headers.get('x-cached-panel');
    assert.ok(recorded, 'the response says where its page is');
    const sites = await (await fetch(`${url}${PANEL}/sites`)).text();
    const site = /href="([^"]*\/site\?name=web(?:::|%3A%3A)search(?:::|%3A%3A)matches[^"]*)"/.exec(sites);
    assert.ok(site, 'the table links each site');
    return {
        Sites: `${PANEL}/sites`,
        'web::search::matches': site[1].replaceAll('&amp;', '&'),
        Requests: `${PANEL}/requests`,
        'Cache calls from 2 backends': recorded,
        Backends: `${PANEL}/backends`,
        Configuration: `${PANEL}/configuration`,
    };
}

/** A request whose page has the stack of a call: only so many are captured in a second. */
export async function traced(url) {
    return eventually(async () => {
        const recorded = (await fetch(`${url}/crates/cached-panel`)).headers.get('x-cached-panel');
        const page = await (await fetch(url + recorded)).text();
        return page.includes('data-trace') && recorded;
    }, 'no stack is captured');
}

/** Asks again and again, until there is an answer. */
export async function eventually(ask, otherwise) {
    for (const begun = performance.now(); performance.now() - begun < PATIENCE; ) {
        const answer = await ask();
        if (answer) return answer;
        await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(otherwise);
}
