// Runs the tests of a checkout of openai-node by its own vitest and configuration, with a setup that instruments the SDK as soon
// as a test loads it. Arguments: the checkout, the file of the report, filters.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The part of https://vitest.dev/api/advanced/vitest that is used; the package is the checkout's. */
interface VitestNode {
  startVitest(
    mode: 'test',
    filters: readonly string[],
    options: Readonly<Record<string, unknown>>,
    viteOverrides: Readonly<Record<string, unknown>>,
  ): Promise<{ close(): Promise<void> }>;
}

const [suite = '', outputFile = '', ...filters] = process.argv.slice(2);
const require = createRequire(join(suite, 'package.json'));
const vitest = (await import(pathToFileURL(require.resolve('vitest/node')).href)) as VitestNode;

/** Passes the classes of a module to the setup when it is loaded: the tests load the sources, and no package. */
const instrumentOnLoad = {
  name: 'instrument-on-load',
  enforce: 'pre',
  transform(code: string, id: string): string | undefined {
    const file = id.split('?', 1)[0] ?? '';
    if (!file.startsWith(join(suite, 'src')) || !file.endsWith('.ts')) return undefined;
    const classes = [...code.matchAll(/^export class (\w+)/gm)].map(([, name]) => name);
    const path = file.slice(join(suite, 'src').length + 1, -'.ts'.length);
    return `${code}\n;globalThis[Symbol.for('sdk-suite')]?.(${JSON.stringify(`openai/${path}`)}, { ${classes.join(', ')} });`;
  },
};

const running = await vitest.startVitest(
  'test',
  filters,
  {
    root: suite,
    config: join(suite, 'vitest.config.mts'),
    watch: false,
    reporters: ['json'],
    outputFile,
    setupFiles: [fileURLToPath(new URL('./setup.ts', import.meta.url))],
  },
  { plugins: [instrumentOnLoad], server: { fs: { strict: false } } },
);
await running.close();
// The outcome is in the report.
process.exit(readFileSync(outputFile).length > 0 ? 0 : 1);
