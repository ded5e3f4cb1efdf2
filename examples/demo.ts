// npm run demo
//
// Runs examples/agent.js with a budget of a few cents preloaded, and shows what the budget saw.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { billOf } from './local-openai/account.ts';
import { type LocalOpenai, startLocalOpenai } from './local-openai/server.ts';
import { type LocalOtlp, startLocalOtlp } from './local-otlp.ts';
import { type Call, callsOf, callTable, heading, isDenied, totalsOf, totalsTable } from './report/calls.ts';
import { bold, green, red, usd } from './report/style.ts';
import { spanTree } from './report/tree.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SERVICE = process.env['OTEL_SERVICE_NAME'] ?? 'token-budget-demo';
const BUDGET_USD = process.env['TOKEN_BUDGET_USD'] ?? '0.02';

const openai = process.env['OPENAI_API_KEY'] ? undefined : await startLocalOpenai();
const endpoint = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
const otlp = endpoint ? undefined : await startLocalOtlp();

console.log(bold(`An agent with a budget of $${BUDGET_USD}`));
console.log(
  `OpenAI:    ${openai ? `${openai.baseURL} (local)` : (process.env['OPENAI_BASE_URL'] ?? 'api.openai.com')}`,
);
console.log(`Telemetry: ${otlp ? `${otlp.url} (local)` : endpoint}`);
console.log('Command:   node --require otel-token-budget/register examples/agent.js');

const code = await runAgent(openai, otlp);
const problems = otlp ? report(otlp, openai) : elsewhere(endpoint ?? '');
if (code !== 0) problems.unshift(`the agent ended with ${code ?? 'a signal'}`);
openai?.close();
otlp?.close();
for (const problem of problems) console.error(red(`Demo failed: ${problem}`));
process.exitCode = problems.length === 0 ? 0 : 1;

async function runAgent(server?: LocalOpenai, receiver?: LocalOtlp): Promise<number | null> {
  const child = spawn(process.execPath, ['--require', 'otel-token-budget/register', 'examples/agent.js'], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      TOKEN_BUDGET_USD: BUDGET_USD,
      OTEL_SERVICE_NAME: SERVICE,
      ...(server ? localEnv(server) : {}),
      ...(receiver
        ? { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
        : {}),
    },
  });
  await once(child, 'close');
  return child.exitCode;
}

function localEnv(server: LocalOpenai): Record<string, string> {
  return {
    OPENAI_BASE_URL: server.baseURL,
    OPENAI_API_KEY: 'local',
    // Hosts that are not OpenAI's may refuse `stream_options`; this one takes it, and the file says so.
    TOKEN_BUDGET_CONFIG:
      process.env['TOKEN_BUDGET_CONFIG'] ?? `${ROOT}examples/local-openai/token-budget.json`,
  };
}

/** Prints what the spans say; returns what is wrong with it. */
function report(receiver: LocalOtlp, server: LocalOpenai | undefined): string[] {
  const spans = receiver.spans();
  const calls = callsOf(spans);
  const made = calls.filter((call) => !isDenied(call));
  const denied = calls.filter(isDenied);
  if (calls.length === 0) return ['no span of a call arrived: was the preload built and loaded?'];

  console.log(heading('Calls, from the attributes of their spans'));
  console.log(callTable(made));
  console.log(heading('Refusal: no request left the process'));
  for (const call of denied) console.log(call.errorMessage ?? 'denied');
  if (denied.length === 0) console.log('none: the budget was enough');
  console.log(heading('Sums'));
  const problems = sums(made, server);
  console.log(heading('Spans'));
  console.log(spanTree(spans));

  // Without the local server the answers vary, so the budget may be enough.
  if (server && denied.length === 0) problems.push('the budget was not exhausted');
  return problems;
}

function sums(made: readonly Call[], server: LocalOpenai | undefined): string[] {
  const problems: string[] = [];
  const ledger = { name: 'ledger', calls: made.length, ...totalsOf(made) };
  const rows = [ledger];
  const limit = Math.round(Number(BUDGET_USD) * 1e9);
  if (server) {
    const { account } = server;
    const add = (of: 'input' | 'cached' | 'output') => account.reduce((total, entry) => total + entry[of], 0);
    const totals = { input: add('input'), cached: add('cached'), output: add('output') };
    const costNano = billOf(account);
    rows.push({ name: 'server', calls: account.length, ...totals, costNano });
    const same = ['input', 'cached', 'output'] as const;
    if (account.length !== made.length || same.some((kind) => totals[kind] !== ledger[kind])) {
      problems.push('the ledger and the account of the server differ in tokens');
    }
    if (costNano !== undefined && costNano !== ledger.costNano) {
      problems.push('the ledger and the account of the server differ in cost');
    }
  }
  console.log(totalsTable(rows));
  const spent = ledger.costNano ?? 0;
  const verdict = `spent ${usd(spent)} of ${usd(limit)} USD`;
  console.log(spent <= limit ? green(verdict) : red(verdict));
  if (spent > limit) problems.push('more was spent than the budget allows');
  return problems;
}

function elsewhere(target: string): string[] {
  console.log(heading('Where to look'));
  console.log(`Spans, metrics and events went to ${target}, service ${SERVICE}.`);
  console.log('With Jaeger beside the Collector: http://localhost:16686; every call is a span with');
  console.log('gen_ai.usage.*, token_budget.cost.nano_usd and token_budget.left.cost.');
  return [];
}
