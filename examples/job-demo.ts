// npm run job          runs examples/research-job.ts and kills it halfway with SIGKILL
// npm run job:resume   resumes it and prints its result beside the account of the server
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AccountEntry, billOf } from './local-openai/account.ts';
import { startLocalOpenai } from './local-openai/server.ts';
import { heading } from './report/calls.ts';
import { bold, green, red, usd } from './report/style.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIRECTORY = process.env['JOB_DIRECTORY'] ?? join(ROOT, '.token-budget', 'demo');
const ACCOUNT = join(DIRECTORY, 'server-account.jsonl');
const ID = 'research';
const COMMAND = join(ROOT, 'dist', 'cli', 'main.js');

const resumes = process.argv[2] === 'resume';
if (!resumes) rmSync(DIRECTORY, { recursive: true, force: true });
if (resumes && !existsSync(DIRECTORY)) {
  console.error(red('There is no job to resume: start one with npm run job'));
  process.exit(1);
}
mkdirSync(DIRECTORY, { recursive: true });

const openai = process.env['OPENAI_API_KEY'] ? undefined : await startLocalOpenai();
const args = resumes
  ? ['job', 'resume', ID]
  : ['job', 'run', 'examples/research-job.ts', '--id', ID, '--cost', '0.05', '--unit', 'cost'];
console.log(bold(`token-budget ${args.join(' ')}`));

const child = spawn(process.execPath, [COMMAND, ...args, '--directory', DIRECTORY], {
  cwd: ROOT,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    ...(openai === undefined ? {} : localEnv(openai.baseURL)),
    // Without a collector, no telemetry is sent.
    ...(process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ? {} : { OTEL_SDK_DISABLED: 'true' }),
  },
});
child.stdout.setEncoding('utf8').on('data', (text: string) => {
  process.stdout.write(text);
  // During the second text: three searches and one text are completed by then.
  if (!resumes && text.includes('read/2')) setTimeout(() => child.kill('SIGKILL'), 150);
});
await once(child, 'close');

if (openai !== undefined)
  for (const entry of openai.account) appendFileSync(ACCOUNT, `${JSON.stringify(entry)}\n`);
openai?.close();
process.exitCode = resumes ? report(child.exitCode) : killed(child.signalCode);

function killed(signal: NodeJS.Signals | null): number {
  if (signal !== 'SIGKILL') {
    console.error(red('Demo failed: the job ended before it was killed'));
    return 1;
  }
  console.log(`\nKilled with SIGKILL during the second text. Resume it: ${bold('npm run job:resume')}`);
  return 0;
}

function localEnv(baseURL: string): Record<string, string> {
  return {
    OPENAI_BASE_URL: baseURL,
    OPENAI_API_KEY: 'local',
    // Other hosts may reject `stream_options`; the file declares that this one accepts it.
    TOKEN_BUDGET_CONFIG: join(ROOT, 'examples', 'local-openai', 'token-budget.json'),
  };
}

/** Compares the job's charge with the bill of the server, which it has to cover. */
function report(code: number | null): number {
  if (code !== 0) return code ?? 1;
  if (openai === undefined) return 0;
  const account = readFileSync(ACCOUNT, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AccountEntry);
  const charged = readCharge();
  const billed = billOf(account) ?? 0;
  console.log(heading('Account of the server, both runs'));
  const verdict = `${account.length} calls, ${usd(billed)} USD billed; ${usd(charged)} USD charged, of 0.05`;
  const isCovered = billed <= charged && charged <= 50_000_000;
  console.log(isCovered ? green(verdict) : red(verdict));
  return isCovered ? 0 : 1;
}

/** The job's exact charge, as the command lists it, nano-USD. */
function readCharge(): number {
  const list = execFileSync(process.execPath, [COMMAND, 'job', 'list', '--json', '--directory', DIRECTORY], {
    encoding: 'utf8',
  });
  const jobs = JSON.parse(list) as readonly { readonly job: string; readonly costUsd: number }[];
  return Math.round((jobs.find(({ job }) => job === ID)?.costUsd ?? 0) * 1e9);
}
