import { lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packInto } from '../../scripts/check-package.ts';
import type { Context, Part, PartResult } from '../harness/part.ts';
import { runProgram } from '../harness/processes.ts';
import { withScratch } from '../harness/scratch.ts';

export const install: Part = {
  name: 'install',
  title: 'Installation',
  method:
    'The package as it would be published, installed with `npm install` into an empty folder, without its optional peers: for a user who wants the memory store. ' +
    'Sizes are of files, not of blocks on disk.',
  run: (context) => withScratch((scratch) => measure(context, scratch)),
};

async function measure({ progress }: Context, scratch: string): Promise<PartResult> {
  const { tarball, bytes } = packInto(scratch);
  writeFileSync(join(scratch, 'package.json'), '{ "private": true }');
  const npm = ['install', tarball, '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  const home = process.env['HOME'];
  await runProgram('npm', npm, { cwd: scratch, env: home === undefined ? {} : { HOME: home } });
  progress('installed');
  const packages = packagesIn(join(scratch, 'node_modules'));
  const mb = sizeOf(join(scratch, 'node_modules')) / 1e6;
  const largest = packages
    .map(({ name, path }) => [name, sizeOf(path) / 1e6] as const)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 8);
  return {
    tables: [
      {
        head: ['', ''],
        rows: [
          ['tarball, KB', (bytes / 1_000).toFixed(0)],
          ['packages installed', String(packages.length)],
          ['MB installed', mb.toFixed(1)],
        ],
      },
      {
        title: 'The largest',
        head: ['package', 'MB'],
        rows: largest.map(([name, size]) => [name, size.toFixed(1)]),
      },
    ],
    notes: [],
    figures: { packages: packages.length, 'installed MB': mb },
  };
}

function packagesIn(modules: string): { name: string; path: string }[] {
  return readdirSync(modules, { withFileTypes: true }).flatMap((entry) => {
    const path = join(modules, entry.name);
    if (!entry.isDirectory() || entry.name.startsWith('.')) return [];
    const folders = entry.name.startsWith('@')
      ? readdirSync(path).map((name) => ({ name: `${entry.name}/${name}`, path: join(path, name) }))
      : [{ name: entry.name, path }];
    return folders.flatMap((one) => {
      const nested = join(one.path, 'node_modules');
      return [one, ...(isFolder(nested) ? packagesIn(nested) : [])];
    });
  });
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += lstatSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
