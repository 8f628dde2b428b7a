// A person at a real browser, Debian's chromium, who is sent to a consent page,
// looks at it, chooses who to be and decides.
//
// node consent.mjs PAGE FOLDER NAME USER approve|deny|refused
//
// Pictures of what is seen go to FOLDER, named after NAME. What the page has is
// printed as one JSON object; a complaint of the browser is an error.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const [page, folder, name, user, decision] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), 'consent-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: '/usr/bin/chromium',
  headless: true,
  timeout: 0, // whoever runs this ends it; a busy machine is no failure
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
  viewport: { width: 1024, height: 768 },
});
context.setDefaultTimeout(0);
const complaints = [];

/** picture keeps what is seen. */
const picture = (tab, of) => tab.screenshot({ path: join(folder, `${name}-${of}.png`), fullPage: true });

/** seen is what a person finds on the page. */
const seen = (tab) =>
  tab.evaluate(() => ({
    title: document.title,
    heading: document.querySelector('h1')?.textContent,
    text: document.body.innerText,
    users: [...document.querySelectorAll('input[name=subject]')].map((input) => input.value),
    scopes: [...document.querySelectorAll('input[name=scope]:checked')].map((input) => input.value),
    sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    styled: getComputedStyle(document.body).maxWidth !== 'none',
  }));

try {
  const tab = context.pages()[0] ?? (await context.newPage());
  // That nobody has an icon is no complaint of the page.
  tab.on('console', (message) => {
    if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) complaints.push(message.text());
  });
  tab.on('pageerror', (error) => complaints.push(String(error)));
  await tab.goto(page);
  const found = await seen(tab);
  await picture(tab, 'wide');
  await tab.setViewportSize({ width: 360, height: 640 });
  found.sideways ||= (await seen(tab)).sideways;
  await picture(tab, 'narrow');
  await tab.emulateMedia({ colorScheme: 'dark' });
  await picture(tab, 'dark');
  if (decision !== 'refused') {
    // By what is read, not by how it is made; the rest of the way by keyboard.
    await tab.getByRole('radio', { name: user, exact: true }).check();
    await picture(tab, 'chosen');
    await tab.getByRole('button', { name: decision, exact: false }).focus();
    await picture(tab, 'focused');
    await tab.keyboard.press('Enter');
    await tab.waitForURL((url) => url.pathname === '/callback');
    found.end = tab.url().split('?')[0];
  }
  const status = decision === 'refused' ? 1 : 0; // of the page itself, which is complained of
  if (complaints.length > status) throw new Error(`the browser complains: ${complaints.join('; ')}`);
  console.log(JSON.stringify(found));
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
