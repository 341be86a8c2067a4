// The pages of the panel, as pictures.
//
// In: the web example under its load. Out: every page, light and dark, wide and narrow, below `target/screenshots`; and
// those that the README shows, with a palette of their own, in `docs`.

import { spawnSync } from 'node:child_process';
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

import { ROOT, launch, load, serve } from './browser.mjs';

const TARGET = path.join(ROOT, 'target/screenshots');
const DOCS = path.join(ROOT, 'docs');

const WIDTHS = [1280, 400];
const HEIGHT = 800;
const SCHEMES = ['light', 'dark'];

/** What the README shows: page, scheme, width. */
const SHOWN = [
    ['sites', 'light', 1280],
    ['sites', 'dark', 1280],
    ['request', 'light', 1280],
    ['request', 'dark', 1280],
    ['requests', 'dark', 400],
];
/** All of them together, in bytes. */
const BUDGET = 1_500_000;

/** How each page is reached. */
const PAGES = {
    sites: (page, url) => page.goto(`${url}/__cached/sites`),
    site: async (page, url) => {
        await page.goto(`${url}/__cached/sites`);
        // Narrow pages break names where their parts do.
        await page.getByRole('link', { name: /search::\s*matches/ }).click();
    },
    requests: (page, url) => page.goto(`${url}/__cached/requests`),
    request: (page, url, recorded) => page.goto(url + recorded),
    call: async (page, url, recorded) => {
        await page.goto(url + recorded);
        await page.goto(url + (await page.locator('details.trace').first().getAttribute('data-trace')));
    },
    backends: (page, url) => page.goto(`${url}/__cached/backends`),
    configuration: (page, url) => page.goto(`${url}/__cached/configuration`),
};

/** A folder of the machine that the pictures are taken on: it says who took them, and means nothing to anybody else. */
const ABSOLUTE = /(?<![\w.:/~-])\/(?:bin|builds?|data|etc|home|mnt|opt|private|root|srv|tmp|usr|Users|var|work(?:space)?)\/[\w.@+-]+/;

/** Asks that nothing of the machine is seen on a page. */
async function isAnybodys(page, name) {
    const text = await page.locator('body').innerText();
    const found = text.includes(ROOT) ? ROOT : ABSOLUTE.exec(text)?.[0];
    if (found) throw new Error(`the page ${name} shows a path of this machine: ${found}`);
}

const [browser, service] = await Promise.all([launch(), serve()]);
try {
    await rm(TARGET, { recursive: true, force: true });
    await Promise.all([TARGET, DOCS].map((folder) => mkdir(folder, { recursive: true })));
    await load(service.url, '--rate=20', '--seconds=20', '--at-once=4');
    // A page that counts its visits, walks the sources anew, and has the rest from memory.
    await fetch(`${service.url}/forget/Cargo.toml`, { method: 'POST' });
    const recorded = (await fetch(service.url)).headers.get('x-cached-panel');
    for (const scheme of SCHEMES) {
        for (const width of WIDTHS) {
            const viewport = { width, height: HEIGHT };
            const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: 'reduce' });
            const page = await context.newPage();
            for (const [name, open] of Object.entries(PAGES)) {
                await open(page, service.url, recorded);
                // Only these are shown to others; the frames of a stack are where the compiler found them.
                if (SHOWN.some(([shown]) => shown === name)) await isAnybodys(page, name);
                await page.screenshot({ path: path.join(TARGET, `${name}-${scheme}-${width}.png`) });
            }
            await context.close();
        }
    }
} finally {
    await browser.close();
    await service.end();
}

let bytes = 0;
for (const words of SHOWN) {
    const file = `${words.join('-')}.png`;
    const to = path.join(DOCS, file);
    const done = spawnSync('pngquant', ['--force', '--strip', '--speed=1', '--output', to, '128', path.join(TARGET, file)]);
    if (done.status !== 0) throw new Error(`pngquant ${file}: ${done.error ?? done.stderr}`);
    bytes += (await stat(to)).size;
}
console.log(`${SHOWN.length} pictures in docs, ${Math.ceil(bytes / 1000)} kB; all in ${path.relative(ROOT, TARGET)}`);
if (bytes > BUDGET) throw new Error(`they have ${bytes} bytes, at most ${BUDGET}`);
