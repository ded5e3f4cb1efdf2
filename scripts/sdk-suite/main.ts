// npm run test:sdk-suite -- PATH [FILTER…]
//
// Runs the own tests of the openai SDK twice, under this package and under an instrumentation that wraps the same methods and does
// nothing, and fails for each test that passes only under the latter. Tests whose outcomes differ are repeated, since some of the
// suite depend on time.
//
//   PATH      a checkout of https://github.com/openai/openai-node whose dependencies are installed:
//             pnpm install --frozen-lockfile --ignore-scripts
//   FILTER    parts of the paths of test files; default: all of those that need no mock server
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

type Variant = 'ours' | 'empty';

/** The first line of why each test failed, by its name; empty if it passed. */
type Outcomes = ReadonlyMap<string, string>;

/** The report of vitest, as far as it is read. https://vitest.dev/guide/reporters#json-reporter */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const RUNNER = fileURLToPath(new URL('./run-vitest.ts', import.meta.url));

/** How many of the tests that differ are named. */
const MOST_NAMED = 40;

/** How often tests with different outcomes are run again. */
const REPEATS = 2;

const [path = '', ...filters] = process.argv.slice(2);
const suite = resolve(path);
const problem = problemOf(suite);
if (problem !== undefined) {
  console.error(`PATH: got ${JSON.stringify(path)}, expected a checkout of openai-node: ${problem}`);
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'sdk-suite-'));
try {
  console.log(`openai ${versionOf(suite)}`);
  const [empty, ours] = [run('empty', filters), run('ours', filters)];
  console.log(`under an empty instrumentation: ${summaryOf(empty)}`);
  console.log(`under otel-token-budget:        ${summaryOf(ours)}`);
  let different = differences(empty, ours);
  for (let repeat = 0; repeat < REPEATS && different.length > 0; repeat += 1) {
    const files = [...new Set(different.map((name) => name.slice(0, name.indexOf(' › '))))];
    const [emptyAgain, oursAgain] = [run('empty', files), run('ours', files)];
    const still = new Set(differences(emptyAgain, oursAgain));
    different = different.filter((name) => still.has(name));
  }
  for (const name of different.slice(0, MOST_NAMED))
    console.log(`✖ ${name}\n    ${ours.get(name) ?? 'it did not run'}`);
  console.log(`${different.length} tests pass only under an empty instrumentation`);
  process.exitCode = different.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Says why a directory is not a checkout that can be tested; undefined if it is. */
function problemOf(directory: string): string | undefined {
  const file = join(directory, 'package.json');
  if (path === '' || !existsSync(file)) return 'it has no package.json';
  if (JSON.parse(readFileSync(file, 'utf8')).name !== 'openai') return 'its package is not "openai"';
  if (!existsSync(join(directory, 'src', 'client.ts'))) return 'it has no src/client.ts';
  if (!existsSync(join(directory, 'vitest.config.mts')))
    return 'it has no vitest.config.mts (7.5 and later do)';
  if (!existsSync(join(directory, 'node_modules', 'vitest')))
    return 'its dependencies are not installed: pnpm install --frozen-lockfile --ignore-scripts';
  return undefined;
}

function versionOf(directory: string): string {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version;
}

function run(variant: Variant, files: readonly string[]): Outcomes {
  const output = join(scratch, `${variant}.json`);
  rmSync(output, { force: true });
  const { stderr } = spawnSync(process.execPath, [RUNNER, suite, output, ...files], {
    cwd: suite,
    env: { ...process.env, SDK_SUITE_VARIANT: variant },
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (!existsSync(output)) throw new Error(`vitest wrote no report:\n${stderr.slice(-2_000)}`);
  return outcomesOf(JSON.parse(readFileSync(output, 'utf8')) as Report);
}

function outcomesOf({ testResults }: Report): Outcomes {
  const outcomes = new Map<string, string>();
  for (const { name, message, assertionResults } of testResults) {
    const file = relative(suite, name);
    if (assertionResults.length === 0)
      outcomes.set(`${file} › (file)`, firstLine(message) || 'it has no tests');
    for (const { fullName, status, failureMessages } of assertionResults) {
      let key = `${file} › ${fullName}`;
      // Some have the same name.
      while (outcomes.has(key)) key += '′';
      outcomes.set(key, status === 'failed' ? firstLine(failureMessages[0] ?? 'failed') : '');
    }
  }
  return outcomes;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** Returns the tests that pass in the first run, and do not in the second. */
function differences(empty: Outcomes, ours: Outcomes): string[] {
  return [...empty].filter(([name, why]) => why === '' && ours.get(name) !== '').map(([name]) => name);
}

function summaryOf(outcomes: Outcomes): string {
  const passed = [...outcomes.values()].filter((why) => why === '').length;
  return `${passed} of ${outcomes.size} pass`;
}
