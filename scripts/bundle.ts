// Part of npm run build
//
// Bundles src into dist: a file for each entry, and chunks of what entries share. Loading a module costs Node a
// quarter of a millisecond whatever its size, and some two hundred take part in a call. Types come from tsc.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
  for (const entry of ENTRIES) {
    if (!existsSync(join(ROOT, 'dist', `${entry}.js`))) throw new Error(`dist/${entry}.js was not written`);
  }
}
