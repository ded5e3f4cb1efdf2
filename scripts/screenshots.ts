// npm run screenshots
//
// Takes the pictures of the report that the documentation shows: runs the example agent against a local server, makes the report of
// its telemetry, and shoots it with a headless Chromium (Debian: apt-get install chromium).
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CHROMIUM, startBrowser } from './screenshots/browser.ts';
import { makeSample } from './screenshots/sample.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IMAGES = join(ROOT, 'docs', 'images');

if (CHROMIUM === undefined) {
  console.error('There is no chromium: apt-get install chromium');
  process.exit(1);
}

const directory = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'otel-token-budget-screenshots-'));
mkdirSync(directory, { recursive: true });
mkdirSync(IMAGES, { recursive: true });
const { telemetry, store } = await makeSample(directory);
const page = join(directory, 'report.html');
const ledgerPage = join(directory, 'ledger.html');
const report = (source: string, to: string): void => {
  const command = [join(ROOT, 'dist', 'cli', 'main.js'), 'report', source, '--output', to];
  execFileSync(process.execPath, command, { cwd: directory, stdio: 'inherit' });
};
report(basename(telemetry), page);
report(store, ledgerPage);

const browser = await startBrowser();
const shots = {
  'report.png': { url: pathToFileURL(page).href, width: 1280, height: 1240 },
  'report-dark.png': { url: pathToFileURL(page).href, width: 1280, height: 1240, dark: true },
  'report-narrow.png': { url: pathToFileURL(page).href, width: 380, height: 1570 },
  'report-whole.png': { url: pathToFileURL(page).href, width: 1280 },
  'report-narrow-whole.png': { url: pathToFileURL(page).href, width: 380, dark: true },
  'report-no-scripts.png': { url: pathToFileURL(page).href, width: 1280, scripts: false },
  'ledger.png': { url: pathToFileURL(ledgerPage).href, width: 1280 },
} as const;
/** Those that the documentation shows; the others are to be looked at. */
const KEPT = ['report.png', 'report-dark.png', 'report-narrow.png'];
for (const [name, shot] of Object.entries(shots)) {
  const { png, errors, requests, pageWidth } = await browser.shoot(shot);
  const to = join(KEPT.includes(name) ? IMAGES : directory, name);
  writeFileSync(to, png);
  console.log(`${to}: ${Math.ceil(png.length / 1_000)} KB`);
  const wrong = [...errors, ...requests, ...(pageWidth > shot.width ? [`${pageWidth} pixels wide`] : [])];
  if (wrong.length > 0) {
    console.error(wrong.join('\n'));
    process.exitCode = 1;
  }
}
browser.close();
if (process.argv[2] === undefined) rmSync(directory, { recursive: true, force: true });
