// npm run job          runs examples/research-job.ts, and kills it in the middle with SIGKILL
// npm run job:resume   goes on with it, and prints its result beside the account of the server
import { spawn } from 'node:child_process';
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

const resumes = process.argv[2] === 'resume';
if (!resumes) rmSync(DIRECTORY, { recursive: true, force: true });
if (resumes && !existsSync(DIRECTORY)) {
  console.error(red('There is nothing to resume: npm run job'));
  process.exit(1);
}
mkdirSync(DIRECTORY, { recursive: true });

const openai = process.env['OPENAI_API_KEY'] ? undefined : await startLocalOpenai();
const words = resumes
  ? ['job', 'resume', ID]
  : ['job', 'run', 'examples/research-job.ts', '--id', ID, '--cost', '0.05', '--unit', 'cost'];
console.log(bold(`token-budget ${words.join(' ')}`));

const child = spawn(
  process.execPath,
  [join(ROOT, 'dist', 'cli', 'main.js'), ...words, '--directory', DIRECTORY],
  {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...(openai === undefined ? {} : localEnv(openai.baseURL)),
      // Where nobody listens for telemetry, none is sent.
      ...(process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] ? {} : { OTEL_SDK_DISABLED: 'true' }),
    },
  },
);
let output = '';
child.stdout.setEncoding('utf8').on('data', (text: string) => {
  output += text;
  process.stdout.write(text);
  // In the second text that is read: three searches and one text are completed by then.
  if (!resumes && text.includes('read/2')) setTimeout(() => child.kill('SIGKILL'), 150);
});
await once(child, 'close');

if (openai !== undefined)
  for (const entry of openai.account) appendFileSync(ACCOUNT, `${JSON.stringify(entry)}\n`);
openai?.close();
process.exitCode = resumes ? report(child.exitCode) : killed(child.signalCode);

function killed(signal: NodeJS.Signals | null): number {
  if (signal !== 'SIGKILL') {
    console.error(red('Demo failed: the job was not killed in the middle'));
    return 1;
  }
  console.log(
    `\nKilled with SIGKILL while it read the second text. Go on with it: ${bold('npm run job:resume')}`,
  );
  return 0;
}

function localEnv(baseURL: string): Record<string, string> {
  return {
    OPENAI_BASE_URL: baseURL,
    OPENAI_API_KEY: 'local',
    // Hosts that are not OpenAI's may refuse `stream_options`; this one takes it, and the file says so.
    TOKEN_BUDGET_CONFIG: join(ROOT, 'examples', 'local-openai', 'token-budget.json'),
  };
}

/** What the server billed in both runs, which the job's charge has to cover. */
function report(code: number | null): number {
  if (code !== 0) return code ?? 1;
  if (openai === undefined) return 0;
  const account = readFileSync(ACCOUNT, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AccountEntry);
  const charged = chargedOf();
  const billed = billOf(account) ?? 0;
  console.log(heading('The account of the server, both runs'));
  const verdict = `${account.length} calls, ${usd(billed)} USD billed; ${usd(charged)} USD charged, of 0.05`;
  const holds = billed <= charged && charged <= 50_000_000;
  console.log(holds ? green(verdict) : red(verdict));
  return holds ? 0 : 1;
}

/** From the result that the command printed, nano-USD. */
function chargedOf(): number {
  const amount = /^Charged .*? \$([\d.]+)/m.exec(output)?.[1] ?? '0';
  return Math.round(Number(amount) * 1e9);
}
