import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryModuleUrl } from '../../util/index.ts';
import { type Finding, foundFailure, foundOk, foundSkipped } from './finding.ts';
import { PROBE_TOKENS, startProbeServer } from './probe-server.ts';
import type { OpenaiSdk } from './runtime-checks.ts';

const CHECK = 'Hooks';

/** A program of each kind of module. */
const PROBES = [
  { kind: 'CommonJS', file: 'probe.cjs', load: "const OpenAI = require('openai');" },
  { kind: 'an ES module', file: 'probe.mjs', load: "import OpenAI from 'openai';" },
] as const;

/** Makes a call to the server of the check, and prints the tokens that the budget was charged. */
const PROBE_CALL = `
  const client = new OpenAI({ apiKey: 'none', baseURL: process.env.DOCTOR_URL, maxRetries: 0 });
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello.' }] };
  client.chat.completions.create(body)
    .then(() => globalThis[Symbol.for('otel-token-budget.preloaded')].tracker.status())
    .then(({ balances }) => console.log('charged ' + balances.settled.tokens));
`;

/** How long a probe may run, milliseconds. */
const PROBE_TIMEOUT_MS = 30_000;

/**
 * Makes a real call under the preload from each kind of module, and checks that it was charged. The calls go
 * to a server in this process.
 */
export async function checkHooks(directory: string, sdk: OpenaiSdk | undefined): Promise<Finding[]> {
  if (sdk === undefined) return [foundSkipped(CHECK, 'not tried: openai is not installed')];
  const server = await startProbeServer();
  const probes = mkdtempSync(join(tmpdir(), 'token-budget-doctor-'));
  try {
    // Programs load the SDK by its name, and the hooks recognize it by that.
    mkdirSync(join(probes, 'node_modules'));
    symlinkSync(sdk.path, join(probes, 'node_modules', 'openai'), 'junction');
    return await Promise.all(
      PROBES.map(async ({ kind, file, load }) => {
        const path = join(probes, file);
        writeFileSync(path, load + PROBE_CALL);
        return toFinding(kind, await runProbe(path, directory, server.url));
      }),
    );
  } finally {
    rmSync(probes, { recursive: true, force: true });
    server.close();
  }
}

function toFinding(kind: string, output: string): Finding {
  if (output.includes(`charged ${PROBE_TOKENS}`)) return foundOk(CHECK, `a call from ${kind} was charged`);
  const reason = /^\w*Error\b.*$/m.exec(output)?.[0] ?? output.trim().split('\n').at(-1) ?? '';
  const found = `a call from ${kind} was not charged${reason === '' ? '' : `: ${reason}`}`;
  return foundFailure(
    CHECK,
    found,
    'look for another loader in NODE_OPTIONS, or for a bundle that contains openai',
  );
}

/** Runs a probe under the preload, and returns what it printed. */
function runProbe(file: string, directory: string, url: string): Promise<string> {
  const register = entryModuleUrl('register').href;
  const env = {
    ...process.env,
    DOCTOR_URL: url,
    // The probe has its own budget, and sends no telemetry.
    TOKEN_BUDGET_CONFIG: '',
    TOKEN_BUDGET_USD: '1',
    TOKEN_BUDGET_STORE: 'memory',
    OTEL_SDK_DISABLED: 'true',
  };
  return new Promise((done) => {
    const child = spawn(process.execPath, [`--import=${register}`, file], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PROBE_TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => done(error.message));
    child.on('close', () => done(Buffer.concat(chunks).toString('utf8')));
  });
}
