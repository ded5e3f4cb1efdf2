import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What starts a process, a thread or a server, or speaks to one. */
const STARTS = /^node:(?:child_process|http|net|worker_threads)$/;

/** Every test file, from the root of the repository. */
export function allTests(): string[] {
  return globSync('test/**/*.test.ts', { exclude: (path) => path.includes('node_modules') }).sort();
}

/**
 * The unit tests: the files that start no process and no server, neither themselves nor through a helper that they import from
 * `test/`, and that read nothing that is built.
 */
export function unitTests(): string[] {
  return allTests().filter((file) => !startsSomething(file) && !/['"`/]dist['"`/]/.test(read(file)));
}

const answers = new Map<string, boolean>();

function startsSomething(file: string): boolean {
  const known = answers.get(file);
  if (known !== undefined) return known;
  // Helpers that import each other in a circle.
  answers.set(file, false);
  const imports = [...read(file).matchAll(/(?:\bfrom|\bimport\(?)\s*['"]([^'"]+)['"]/g)].map(
    ([, name = '']) => name,
  );
  const starts = imports.some((name) => {
    if (!name.startsWith('.')) return STARTS.test(name);
    const helper = join(dirname(file), name);
    return helper.startsWith('test/') && helper.endsWith('.ts') && startsSomething(helper);
  });
  answers.set(file, starts);
  return starts;
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status } = spawnSync(process.execPath, ['--test', ...process.argv.slice(2), ...unitTests()], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
