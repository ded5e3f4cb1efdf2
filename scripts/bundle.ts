// Part of npm run build
//
// Bundles src into dist: a file for each entry, and chunks of what entries share. Loading a module costs Node a
// quarter of a millisecond whatever its size, and some two hundred take part in a call. Types come from tsc.
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The entry modules, by their paths from src. A module that is loaded by its path has to be one. */
export const ENTRIES: readonly string[] = [
  // What users import, preload and run.
  'index',
  'register',
  'clients/ai-sdk/index',
  'clients/fetch/index',
  'jobs/index',
  'cli/main',
  // What is loaded on first use, at once.
  'process/diagnosis/index',
  'process/index',
  'stores/journal/index',
  'stores/local-quota/index',
  'stores/redis/index',
  'stores/sqlite/index',
  'telemetry/sdk/index',
  'telemetry/sdk/node-sdk',
  // Threads.
  'clients/openai-sdk/loading/async-loader',
  'stores/redis/settle-worker',
  'telemetry/export/export-worker',
];

/** Entries that are CommonJS, by their names in dist and in src: they are one file each. */
const COMMONJS: Readonly<Record<string, string>> = { register: 'register-commonjs' };

/** Entries that `require` gets by a file beside them, so that test runners that know no `require` of ES modules load them. */
const REQUIRED: readonly string[] = ['index', 'clients/ai-sdk/index', 'clients/fetch/index', 'jobs/index'];

if (import.meta.main) {
  await build({
    absWorkingDir: ROOT,
    bundle: true,
    chunkNames: 'chunks/[name]-[hash]',
    entryPoints: ENTRIES.map((entry) => `src/${entry}.ts`),
    format: 'esm',
    // `sideEffects` of package.json is for the bundles of users.
    ignoreAnnotations: true,
    outbase: 'src',
    outdir: 'dist',
    packages: 'external',
    platform: 'node',
    sourcemap: 'linked',
    splitting: true,
    target: 'esnext',
  });
  await build({
    absWorkingDir: ROOT,
    bundle: true,
    entryPoints: Object.entries(COMMONJS).map(([out, entry]) => ({ in: `src/${entry}.ts`, out })),
    external: ['openai'],
    format: 'cjs',
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node18',
  });
  for (const entry of REQUIRED) {
    writeFileSync(join(ROOT, 'dist', `${entry}.cjs`), requireOf(entry));
    writeFileSync(join(ROOT, 'dist', `${entry}.d.cts`), `export * from './${basename(entry)}.js';\n`);
  }
  for (const entry of Object.keys(COMMONJS))
    writeFileSync(join(ROOT, 'dist', `${entry}.d.cts`), 'export {};\n');
  for (const entry of ENTRIES) {
    if (!existsSync(join(ROOT, 'dist', `${entry}.js`))) throw new Error(`dist/${entry}.js was not written`);
  }
}

/** Loads the ES module in the main context of the thread, where the state of the process is. */
function requireOf(entry: string): string {
  return [
    `'use strict';`,
    `const { getBuiltinModule } = require('node:vm').runInThisContext('process');`,
    `module.exports = getBuiltinModule('node:module').createRequire(__filename)('./${basename(entry)}.js');`,
    '',
  ].join('\n');
}
