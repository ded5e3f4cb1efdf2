import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ENTRIES } from '../scripts/bundle.ts';
import { REPO_ROOT } from './support/paths.ts';

const DIST = join(REPO_ROOT, 'dist');

const built = (entry: string): Promise<Record<string, unknown>> =>
  import(pathToFileURL(join(DIST, `${entry}.js`)).href);

/** The files of `dist` that loading one loads, and the packages that these import. */
function loadedBy(file: string, seen = new Set<string>(), packages = new Set<string>()) {
  if (seen.has(file)) return { files: seen, packages };
  seen.add(file);
  const text = readFileSync(join(DIST, file), 'utf8');
  for (const [, name = ''] of text.matchAll(/^(?:import|export)\s(?:[^;]*?\sfrom\s)?"([^"]+)";$/gm)) {
    if (name.startsWith('.')) loadedBy(posix.join(posix.dirname(file), name), seen, packages);
    else if (!name.startsWith('node:')) packages.add(name);
  }
  return { files: seen, packages };
}

const packagesOf = (entry: string): string[] => [...loadedBy(`${entry}.js`).packages].sort();

describe('the bundles of dist', () => {
  test('have every entry, with a source map', () => {
    for (const entry of ENTRIES) {
      const text = readFileSync(join(DIST, `${entry}.js`), 'utf8');
      const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(text) ?? [];
      assert.ok(map !== undefined, `${entry} has no source map`);
      assert.ok(existsSync(join(DIST, dirname(entry), map)), map);
    }
  });

  test('hold each class once, under its own name', async () => {
    const modules = await Promise.all(
      ['index', 'jobs/index', 'clients/fetch/index', 'clients/ai-sdk/index'].map(built),
    );
    const byName = new Map<string, unknown>();
    for (const [name, value] of modules.flatMap((one) => Object.entries(one))) {
      if (typeof value !== 'function') continue;
      assert.equal(value.name, name);
      assert.equal(byName.get(name) ?? value, value, `${name} is there twice`);
      byName.set(name, value);
    }
    assert.ok(byName.has('BudgetExceededError') && byName.has('TokenBudgetTracker'));
  });

  test('load no package before it is needed', () => {
    const register = packagesOf('register');
    assert.deepEqual(register, []);
    const preload = packagesOf('process/index');
    for (const name of preload) {
      assert.match(name, /^(opentelemetry-api-1\.3|valibot)$/, `the preload loads ${name}`);
    }
    const sdk = packagesOf('telemetry/sdk/index');
    for (const name of ['@opentelemetry/sdk-node', 'openai', 'redis'])
      assert.ok(!sdk.includes(name), `the SDK loads ${name}`);
    assert.ok(!sdk.some((name) => name.includes('/exporter-')), 'the SDK loads an exporter');
    assert.ok(packagesOf('telemetry/sdk/node-sdk').includes('@opentelemetry/sdk-node'));
  });

  test('load no store but the one in memory before it is used', () => {
    const { files } = loadedBy('process/index.js');
    const text = [...files].map((file) => readFileSync(join(DIST, file), 'utf8')).join('\n');
    for (const name of ['SqliteStore', 'RedisStore', 'LocalQuotaStore', 'FileJobStore'])
      assert.doesNotMatch(text, new RegExp(`class _?${name}\\b|${name} = class`), name);
  });
});
