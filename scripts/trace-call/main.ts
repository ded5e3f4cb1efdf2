// npm run trace:call [-- --check] [-- --tree [story]]
//
// Prints how far a reader of src has to go to follow a call: the functions that it enters, in how many files, and how often from
// one file or folder to another. Each story runs in a process of its own, with answers written for the tests, on an unbundled
// build of src with a counter at each function's entry.
//
//   --check   exit code 1 where a story is above its limit, or a helper is listed that is not in src
//   --tree    the functions of a story as an indented tree, without helpers; of the first story where none is named
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runNode } from '../../test/support/run-node.ts';
import { buildTraced, type Entry } from './build.ts';
import { unknownHelpers } from './helpers.ts';
import { type Counts, countsOf, treeOf } from './measure.ts';

/** A story of stories.ts, and what it is held to. */
interface Story {
  readonly name: string;
  readonly title: string;
  /** How often it runs unrecorded before. */
  readonly warmUp: number;
  readonly env: Readonly<Record<string, string>>;
  /** Whether each run resumes a job whose process was killed. */
  readonly resumes?: boolean;
  readonly most?: Partial<Counts>;
}

const AMPLE = { TOKEN_BUDGET_USD: '1000' };

const STORIES: readonly Story[] = [
  {
    name: 'admitted',
    title: 'a chat call that is admitted',
    warmUp: 5,
    env: AMPLE,
    most: { files: 33, changesOfFile: 85 },
  },
  // The call asks for 4,000 tokens of output.
  { name: 'clamped', title: 'a chat call that is clamped', warmUp: 5, env: { TOKEN_BUDGET_TOKENS: '3000' } },
  { name: 'stream', title: 'a stream of 4 chunks that outgrows its reservation', warmUp: 5, env: AMPLE },
  { name: 'vendor', title: "a span of another vendor's (OpenInference)", warmUp: 5, env: AMPLE },
  { name: 'resumed', title: 'a job that resumes, with two calls left', warmUp: 1, env: AMPLE, resumes: true },
];

/** Nothing is exported, so that no timer falls into a call. */
const ENV = {
  TOKEN_BUDGET_MODE: 'strict',
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
};

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean' }, tree: { type: 'boolean' } },
  allowPositionals: true,
});
const chosen =
  values.tree === true ? STORIES.filter(({ name }) => name === (positionals[0] ?? 'admitted')) : STORIES;
if (chosen.length === 0) throw new Error(`expected a story: ${STORIES.map(({ name }) => name).join(', ')}`);

const build = buildTraced();
const problems =
  values.check === true
    ? unknownHelpers(build.functions).map((one) => `no such helper in src: ${one.file ?? one.name}`)
    : [];
const rows: string[][] = [];
for (const story of chosen) {
  const entries = await entriesOf(story);
  if (values.tree === true) process.stdout.write(treeOf(entries, build));
  const counts = countsOf(entries, build.functions);
  rows.push([story.title, ...Object.values(counts).map(String)]);
  problems.push(...excesses(story, counts));
}
process.stdout.write(table(rows));
if (values.check === true && problems.length > 0) {
  process.stdout.write(problems.map((problem) => `FAILED  ${problem}\n`).join(''));
  process.exitCode = 1;
}

async function entriesOf({ name, warmUp, env, resumes = false }: Story): Promise<Entry[]> {
  const directory = mkdtempSync(join(tmpdir(), 'otel-token-budget-trace-jobs-'));
  try {
    if (resumes) for (let n = 0; n <= warmUp; n += 1) await run('killed', n, directory, env);
    return JSON.parse(await run(name, warmUp, directory, env)) as Entry[];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs a story in a process and gives what it printed. */
async function run(name: string, times: number, directory: string, env: Story['env']): Promise<string> {
  const stories = fileURLToPath(new URL('stories.ts', import.meta.url));
  const { code, signal, stdout, stderr } = await runNode({
    args: [
      '--import',
      build.exported('./register'),
      stories,
      name,
      String(times),
      build.exported('./jobs'),
      directory,
    ],
    env: { ...ENV, ...env },
  });
  const isDone = name === 'killed' ? signal === 'SIGKILL' : code === 0;
  if (!isDone) throw new Error(`the story ${name} ended with ${signal ?? code}\n${stdout}${stderr}`);
  return stdout;
}

function excesses({ title, most = {} }: Story, counts: Counts): string[] {
  return Object.entries(most)
    .filter(([name, limit]) => counts[name as keyof Counts] > limit)
    .map(([name, limit]) => `${title}: ${name} is ${counts[name as keyof Counts]}, at most ${limit}`);
}

function table(rows: readonly string[][]): string {
  const heads = ['story', 'entries', 'without helpers', 'files', 'changes of file', 'changes of folder'];
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return [heads, ...rows].map((row) => `${row.map(pad).join('  ')}\n`).join('');
}
