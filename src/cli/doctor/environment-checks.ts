import { accessSync, constants, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { LIMIT_NAMES } from '../../budget/index.ts';
import { type Config, loadConfig } from '../../config/index.ts';
import { PriceBook } from '../../pricing/index.ts';
import { openLedger, parseStoreUrl } from '../../stores/index.ts';
import { formatQuantity } from '../../util/index.ts';
import { type Environment, redactPassword } from '../store-option.ts';
import { formatLimit } from '../style.ts';
import {
  type Finding,
  foundFailure,
  foundOk,
  foundSkipped,
  foundWarning,
  rootCauseMessage,
} from './finding.ts';

/** How long a server may take to answer, milliseconds. */
const CHECK_TIMEOUT_MS = 3_000;

/** Loads the settings. An error in them becomes a finding. */
export function checkSettings(env: Environment): {
  readonly config?: Config;
  readonly findings: readonly Finding[];
} {
  const check = 'Settings';
  try {
    const config = loadConfig(env);
    const { name, limits, mode } = config.budget;
    const warnings = config.warnings.map((warning) =>
      foundWarning(check, warning, 'correct the name of the variable'),
    );
    if (!config.limitGiven) {
      const found = `no limit is set: ${formatLimit('costUsd', limits.costUsd ?? 0)} is observed, and nothing is denied`;
      return {
        config,
        findings: [foundWarning(check, found, 'set a limit: TOKEN_BUDGET_USD=5'), ...warnings],
      };
    }
    const set = LIMIT_NAMES.flatMap((limit) => {
      const value = limits[limit];
      return value === undefined ? [] : [formatLimit(limit, value)];
    });
    return {
      config,
      findings: [foundOk(check, `budget "${name}", ${mode}: ${set.join(', ')}`), ...warnings],
    };
  } catch (error) {
    return {
      findings: [
        foundFailure(check, rootCauseMessage(error), 'correct the setting; see docs/configuration.md'),
      ],
    };
  }
}

/** Checks that the store answers, or can be created. */
export async function checkStore(setting: string): Promise<Finding | readonly Finding[]> {
  const check = 'Store';
  const url = parseStoreUrl(setting);
  if (url.kind === 'memory')
    return foundOk(check, 'memory: each process has its own ledger, which starts at zero');
  const redacted = redactPassword(setting);
  if (url.kind === 'sqlite' && statSync(url.path, { throwIfNoEntry: false }) === undefined) {
    return checkDirectory(check, url.path);
  }
  try {
    const ledger = openLedger(setting, CHECK_TIMEOUT_MS);
    try {
      const problems = (await ledger.inspect?.()) ?? [];
      const found = problems.map(({ severity, found, fix }) =>
        (severity === 'fail' ? foundFailure : foundWarning)(check, found, fix),
      );
      if (found.some(({ state }) => state === 'fail')) return found;
      const accounts = await ledger.accounts();
      return [
        foundOk(check, `${redacted} answers; it has ${formatQuantity(accounts.length, 'account')}`),
        ...found,
      ];
    } finally {
      await ledger.close();
    }
  } catch (error) {
    const fix =
      url.kind === 'sqlite'
        ? 'see the message'
        : 'start the server, or correct the URL in TOKEN_BUDGET_STORE';
    return foundFailure(check, rootCauseMessage(error), fix);
  }
}

/** Checks that the file of a ledger that does not exist yet can be created. */
function checkDirectory(check: string, path: string): Finding {
  const directory = dirname(path);
  try {
    accessSync(directory, constants.W_OK);
    return foundOk(check, `sqlite:${path} will be created by the first call`);
  } catch {
    return foundFailure(
      check,
      `sqlite:${path} cannot be created`,
      `create ${directory}, and make it writable for this user`,
    );
  }
}

/** Checks that the receiver of traces answers. */
export async function checkExporter(env: Environment): Promise<Finding> {
  const check = 'Telemetry';
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true')
    return foundSkipped(check, 'off by OTEL_SDK_DISABLED; the budget is still enforced');
  const exporter = env['OTEL_TRACES_EXPORTER']?.trim() || 'otlp';
  if (!exporter.split(',').includes('otlp'))
    return foundSkipped(check, `spans go to ${exporter} by OTEL_TRACES_EXPORTER`);
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']?.trim();
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim();
  const protocol =
    env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/json';
  const grpc = protocol.trim() === 'grpc';
  const endpoint = own || base || (grpc ? 'http://localhost:4317' : 'http://localhost:4318');
  const url = grpc || own ? endpoint : `${endpoint.replace(/\/$/, '')}/v1/traces`;
  const fix =
    'start a Collector there, set OTEL_EXPORTER_OTLP_ENDPOINT, or turn traces off: OTEL_TRACES_EXPORTER=none. The budget is enforced either way';
  try {
    if (grpc) await openConnection(url);
    else await postEmptyTrace(url);
    return foundOk(check, grpc ? `${url} accepts connections` : `${url} accepts spans`);
  } catch (error) {
    return foundWarning(check, `${url}: ${rootCauseMessage(error)}`, fix);
  }
}

/** Posts an empty export as JSON, which a receiver of OTLP accepts whatever the exporter's encoding is. */
async function postEmptyTrace(url: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"resourceSpans":[]}',
    signal: AbortSignal.timeout(CHECK_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`answered ${response.status}`);
}

function openConnection(url: string): Promise<void> {
  const { hostname, port } = new URL(url.includes('://') ? url : `http://${url}`);
  return new Promise((done, failed) => {
    const socket = connect({ host: hostname, port: Number(port || 4317), timeout: CHECK_TIMEOUT_MS });
    socket.once('connect', () => {
      socket.destroy();
      done();
    });
    socket.once('timeout', () => socket.destroy(new Error('does not answer')));
    socket.once('error', failed);
  });
}

/** Checks that the prices of models are known: the named ones, or those with a price in the settings. */
export function checkPrices(config: Config, models: readonly string[]): Finding[] {
  const check = 'Price';
  const { prices, unknownModel } = config;
  const named = models.length > 0 ? models : Object.keys(prices);
  if (named.length === 0) return [foundSkipped(check, 'no model given: --model NAME checks its price')];
  const book = new PriceBook({ prices, unknownModel });
  return named.map((model) => {
    const fix = 'set its price under "prices" in the file that TOKEN_BUDGET_CONFIG names';
    try {
      const { source, pricedAs } = book.lookup({ model });
      if (source === 'book' || source === 'override')
        return foundOk(check, `${model}: ${source === 'book' ? 'known' : 'set by you'}`);
      const as = source === 'family' ? `charged as ${pricedAs ?? 'the most expensive model'}` : 'not charged';
      return foundWarning(check, `${model} has no known price: ${as}`, fix);
    } catch (error) {
      return foundFailure(check, `${model}: ${rootCauseMessage(error)}`, fix);
    }
  });
}
