// npm run pack:check
//
// Packs the package as `npm publish` would and checks the tarball: what is in it, how it is declared (publint), and
// whether its types resolve (arethetypeswrong). Nothing is fetched from a registry.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Everything that is published lies here. */
const PUBLISHED =
  /^(dist\/.+\.(js|cjs|js\.map|d\.c?ts)|dist\/cli\/report\/assets\/[\w.]+\.(css|txt)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
/** What must be there; `dist` alone would be a package without a licence or an entry. */
const REQUIRED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/index.js',
  'dist/register.js',
  'dist/register.cjs',
  'dist/index.cjs',
  'dist/cli/main.js',
  'dist/cli/report/assets/uPlot.iife.min.js',
  'dist/cli/report/assets/uPlot.LICENSE.txt',
];
const NOT_FOR_USERS = /(^|[/.-])(tests?|spec|fixtures?|recordings?|planted|bench)([/.-]|$)/;
const MAX_FILE_BYTES = 1_000_000;

export interface Packed {
  /** Where the tarball is. */
  readonly tarball: string;
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** Packs what is built into `directory`. */
export function packInto(directory: string): Packed {
  const output = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', directory],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [packed] = JSON.parse(output) as {
    filename: string;
    size: number;
    files: { path: string; size: number }[];
  }[];
  if (packed === undefined) throw new Error('npm pack made no tarball');
  return { tarball: join(directory, packed.filename), bytes: packed.size, files: packed.files };
}

/** What is wrong with the content of a tarball, in words. */
export function contentProblems(files: Packed['files']): string[] {
  const problems: string[] = [];
  for (const { path, size } of files) {
    if (!PUBLISHED.test(path)) problems.push(`${path} is not for users`);
    else if (NOT_FOR_USERS.test(path)) problems.push(`${path} looks like a test or a fixture`);
    if (size > MAX_FILE_BYTES) problems.push(`${path} has ${kb(size)}, more than ${kb(MAX_FILE_BYTES)}`);
  }
  const paths = new Set(files.map(({ path }) => path));
  for (const path of REQUIRED) if (!paths.has(path)) problems.push(`${path} is missing`);
  return problems;
}

/** What publint says: errors and warnings are problems, suggestions are not. */
async function publintSays(tarball: string): Promise<{ problems: string[]; suggestions: string[] }> {
  const bytes = new Uint8Array(readFileSync(tarball));
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer } });
  const say = (message: (typeof messages)[number]): string =>
    `publint ${message.type}: ${formatMessage(message, pkg, { color: false }) ?? message.code}`;
  return {
    problems: messages.filter(({ type }) => type !== 'suggestion').map(say),
    suggestions: messages.filter(({ type }) => type === 'suggestion').map(say),
  };
}

/** What arethetypeswrong says, whichever way modules are resolved; empty where all is well. */
function attwSays(tarball: string): string[] {
  const { status, stdout, stderr, error } = spawnSync(
    join(ROOT, 'node_modules', '.bin', 'attw'),
    [tarball, '--no-definitely-typed', '--no-emoji', '--no-color', '-f', 'ascii'],
    { encoding: 'utf8' },
  );
  if (error !== undefined) return [`arethetypeswrong could not run: ${error.message}`];
  return status === 0 ? [] : [`arethetypeswrong:\n${stdout}${stderr}`.trimEnd()];
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-pack-'));
  try {
    const { tarball, bytes, files } = packInto(directory);
    const unpacked = files.reduce((sum, { size }) => sum + size, 0);
    console.log(`tarball: ${files.length} files, ${kb(bytes)}, ${kb(unpacked)} unpacked`);
    const lint = await publintSays(tarball);
    const results = {
      content: contentProblems(files),
      publint: lint.problems,
      arethetypeswrong: attwSays(tarball),
    };
    for (const suggestion of lint.suggestions) console.log(suggestion);
    for (const [check, problems] of Object.entries(results)) {
      console.log(`${check}: ${problems.length === 0 ? 'ok' : `${problems.length} problem(s)`}`);
      for (const problem of problems) console.error(`  ${problem}`);
    }
    if (Object.values(results).some((problems) => problems.length > 0)) {
      console.error('The package is not fit to be published.');
      process.exitCode = 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function kb(bytes: number): string {
  return `${Math.ceil(bytes / 1_000).toLocaleString('en')} KB`;
}

if (import.meta.main) await main();
