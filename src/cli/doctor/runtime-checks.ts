import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { entryModuleUrl } from '../../util/index.ts';
import { describeNodeProblem, SUPPORTED_VERSIONS, satisfiesRange } from '../node-version.ts';
import { type Finding, foundFailure, foundOk, foundSkipped, foundWarning } from './finding.ts';

export function checkNode(): Finding {
  const problem = describeNodeProblem(process.versions.node);
  if (problem === undefined) return foundOk('Node', process.versions.node);
  return foundFailure(
    'Node',
    `${process.versions.node} is not supported`,
    `install a release of ${SUPPORTED_VERSIONS.node}`,
  );
}

interface Sdk {
  readonly path: string;
  readonly version: string;
}

/** The openai SDK that a program in that directory would load. */
export function findOpenaiSdk(directory: string): Sdk | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const path = join(at, 'node_modules', 'openai');
    const manifest = readManifest(path);
    if (manifest !== undefined) return { path, version: String(manifest['version']) };
    if (dirname(at) === at) return undefined;
  }
}

export function checkOpenaiSdk(sdk: Sdk | undefined): Finding {
  if (sdk === undefined) {
    return foundWarning(
      'openai',
      'not found from this directory',
      'run doctor in the directory of the program, or: npm install openai',
    );
  }
  if (satisfiesRange(sdk.version, SUPPORTED_VERSIONS.openai)) return foundOk('openai', sdk.version);
  return foundFailure(
    'openai',
    `${sdk.version} is not supported`,
    `npm install openai@"${SUPPORTED_VERSIONS.openai}"`,
  );
}

/** Whether files that end in .js are CommonJS or ES modules here; both are taken. */
export function checkModuleKind(directory: string): Finding {
  for (let at = directory; ; at = dirname(at)) {
    const manifest = readManifest(at);
    if (manifest !== undefined) {
      const kind = manifest['type'] === 'module' ? 'ES modules' : 'CommonJS';
      return foundOk('Modules', `${kind}, by ${join(at, 'package.json')}; --require and --import work alike`);
    }
    if (dirname(at) === at) return foundSkipped('Modules', 'no package.json: .js files are CommonJS');
  }
}

function readManifest(directory: string): Readonly<Record<string, unknown>> | undefined {
  const path = join(directory, 'package.json');
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** One call to a server of ours, and how many calls the budget was charged for it. */
const PROBE_CALL = `
  const client = new OpenAI({ apiKey: 'none', baseURL: process.env.DOCTOR_URL, maxRetries: 0 });
  const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello.' }] };
  client.chat.completions.create(body)
    .then(() => globalThis[Symbol.for('otel-token-budget.preloaded')].tracker.status())
    .then(({ balances }) => console.log('charged ' + balances.settled.tokens));
`;

const PROBE_RESPONSE = JSON.stringify({
  id: 'chatcmpl-doctor',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello.' } }],
  usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
});

const PROBE_TIMEOUT_MS = 30_000;

/** Really makes a call under the preload, by each kind of module, and looks whether it was charged. Nothing leaves the host. */
export async function checkHooks(directory: string, sdk: Sdk | undefined): Promise<Finding[]> {
  const check = 'Hooks';
  if (sdk === undefined) return [foundSkipped(check, 'not tried: there is no openai to call')];
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end(PROBE_RESPONSE),
  );
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`;
  const probes = mkdtempSync(join(tmpdir(), 'token-budget-doctor-'));
  try {
    // By its name, as programs load it: hooks go by that.
    mkdirSync(join(probes, 'node_modules'));
    symlinkSync(sdk.path, join(probes, 'node_modules', 'openai'), 'junction');
    const kinds = [
      ['CommonJS', 'probe.cjs', "const OpenAI = require('openai');"],
      ['an ES module', 'probe.mjs', "import OpenAI from 'openai';"],
    ] as const;
    return await Promise.all(
      kinds.map(async ([kind, name, load]) => {
        const file = join(probes, name);
        writeFileSync(file, load + PROBE_CALL);
        const said = await runProbe(file, directory, url);
        if (said.includes('charged 12')) return foundOk(check, `a call from ${kind} was charged`);
        const why = /^\w*Error\b.*$/m.exec(said)?.[0] ?? said.trim().split('\n').at(-1) ?? '';
        const fix = 'look for another loader in NODE_OPTIONS, or for a bundle that holds a copy of openai';
        return foundFailure(check, `a call from ${kind} was not charged${why === '' ? '' : `: ${why}`}`, fix);
      }),
    );
  } finally {
    rmSync(probes, { recursive: true, force: true });
    server.closeAllConnections();
    server.close();
  }
}

function runProbe(file: string, directory: string, url: string): Promise<string> {
  const register = entryModuleUrl('register').href;
  const env = {
    ...process.env,
    DOCTOR_URL: url,
    // The probe has a budget of its own, and sends no telemetry.
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
