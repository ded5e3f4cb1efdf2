import { readFileSync } from 'node:fs';
import {
  type BudgetDefinition,
  chainOf,
  DEFAULT_MINUTES,
  defineBudget,
  type FailurePolicy,
  LEASE_MS,
  type Limits,
  minutesToUsd,
  type StatusFormat,
} from '../budget/index.ts';
import type { PriceOverride, UnknownModelPolicy } from '../pricing/index.ts';
import { DEFAULT_STORE_WAIT_MS } from '../stores/index.ts';
import { errorMessage, findClosestMatch } from '../util/index.ts';
import { ConfigError, checkSettings, type ParentSettings, type Settings } from './schema.ts';

/** The configuration of a process, checked and frozen. */
export interface Config {
  readonly budget: BudgetDefinition;
  /** False if no limit was set and the default one is observed. */
  readonly limitGiven: boolean;
  /** The URL of the store: `memory`, `sqlite:PATH`, or the URL of a Redis. */
  readonly store: string;
  /**
   * Whether this process reserves local quotas of budgets in Redis, so that most calls need no round trip.
   */
  readonly localQuota: boolean;
  /**
   * Whether calls are sent while the store is unavailable and charged later (`open`), or denied (`closed`);
   * undefined: by the modes of their budgets.
   */
  readonly failurePolicy: FailurePolicy | undefined;
  /** How long a call waits for the answer of a shared store, milliseconds. */
  readonly storeWaitMs: number;
  /** The directory for what is owed to an unavailable Redis; undefined: that of the user's state. */
  readonly stateDirectory: string | undefined;
  /** How long a call may wait for open reservations to settle before it is denied, milliseconds. */
  readonly waitMs: number;
  /** How long a reservation outlives its process, milliseconds. */
  readonly leaseMs: number;
  /** Whether the names of the budget's chain are sent to other services as baggage. */
  readonly sendBaggage: boolean;
  /** The names of the budgets that incoming baggage may select. */
  readonly acceptBaggage: readonly string[];
  readonly prices: Readonly<Record<string, PriceOverride>>;
  readonly unknownModel: UnknownModelPolicy;
  /** The action of `strict` for a call whose cost is not counted, or has no bound before it is sent. */
  readonly unmeteredEndpoints: 'warn' | 'refuse';
  /** What requests are charged that fail with an error status, by the status, if not as by default. */
  readonly failureBilling: Readonly<Record<string, 'nothing' | 'estimate' | 'worst-case'>>;
  /** Whether streams are asked for their usage: if the API is known to accept that, always, or never. */
  readonly includeUsage: 'auto' | 'always' | 'never';
  /**
   * Whether calls of Chat and Responses are sent with the budget's status in a last message, and in which
   * format.
   */
  readonly budgetStatus: StatusFormat | 'off';
  /**
   * Whether a copy of openai that cannot be metered ends the process; undefined: only when it is loaded, and if the
   * budget is `strict`.
   */
  readonly requireEnforcement: boolean | undefined;
  /** Whether the process prints a summary when it ends; undefined: on a terminal. */
  readonly summary: boolean | undefined;
  /** How long exit may wait for telemetry to be sent, milliseconds. */
  readonly flushTimeoutMs: number;
  /** Whether prompts and completions are recorded in spans: the standard opt-in. */
  readonly captureContent: boolean;
  /** Whether they are recorded in an event of each call, by the same opt-in. */
  readonly contentEvents: boolean;
  /** Lines for stderr about settings that are probably mistakes. */
  readonly warnings: readonly string[];
}

/** The default of {@link Config.flushTimeoutMs}, milliseconds. */
export const DEFAULT_FLUSH_TIMEOUT_MS = 2_000;

/** Environment variables, such as `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The environment variables: the group and name of the setting each one sets, and how its text is read. */
export const VARIABLES = {
  TOKEN_BUDGET_USD: ['limits', 'costUsd', 'number'],
  TOKEN_BUDGET_TOKENS: ['limits', 'tokens', 'number'],
  TOKEN_BUDGET_CALLS: ['limits', 'calls', 'number'],
  TOKEN_BUDGET_MINUTES: ['limits', 'minutes', 'number'],
  TOKEN_BUDGET_MODE: [undefined, 'mode', 'text'],
  TOKEN_BUDGET_NAME: [undefined, 'name', 'text'],
  TOKEN_BUDGET_STORE: [undefined, 'store', 'text'],
  TOKEN_BUDGET_STATUS: [undefined, 'budgetStatus', 'text'],
  TOKEN_BUDGET_SUMMARY: [undefined, 'summary', 'switch'],
} as const;

const PREFIX = 'TOKEN_BUDGET_';
const CONFIG_VARIABLE = 'TOKEN_BUDGET_CONFIG';
const CAPTURE_VARIABLE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/**
 * Loads the configuration from the JSON file that `TOKEN_BUDGET_CONFIG` names and the `TOKEN_BUDGET_*`
 * variables, which override the file. An empty variable counts as not set, as in OpenTelemetry.
 * @param code settings of the program, which the file and the variables override: the operator has the last word
 * @throws ConfigError in one line that names the setting, its value and the expected one
 *
 * @example
 * const config = loadConfig({ TOKEN_BUDGET_USD: '5' });
 * const tracker = new TokenBudgetTracker(config.budget, { store: openStore(config) });
 */
export function loadConfig(env: Env = process.env, code: Settings = {}): Config {
  const own = checkSettings(code, (setting) => (setting === '' ? 'settings' : setting));
  const file = fileSettings(env);
  const given = envSettings(env);
  const settings: Settings = {
    ...own,
    ...file,
    ...given,
    limits: { ...own.limits, ...file.limits, ...given.limits },
  };
  const limitGiven = Object.values(settings.limits ?? {}).some((value) => value !== undefined);
  const limits: Limits = limitGiven ? (settings.limits ?? {}) : { costUsd: minutesToUsd(DEFAULT_MINUTES) };
  const budget = budgetOf({
    ...settings,
    name: settings.name ?? 'default',
    limits,
    mode: settings.mode ?? (limitGiven ? 'strict' : 'observe'),
  });
  checkChain(budget, env[CONFIG_VARIABLE] ?? CONFIG_VARIABLE);
  return deepFreeze({
    budget,
    limitGiven,
    store: settings.store ?? 'memory',
    localQuota: settings.localQuota ?? true,
    failurePolicy: settings.failurePolicy,
    storeWaitMs: settings.storeWaitMs ?? DEFAULT_STORE_WAIT_MS,
    stateDirectory: settings.stateDirectory,
    waitMs: settings.waitMs ?? 0,
    leaseMs: settings.leaseMs ?? LEASE_MS,
    sendBaggage: settings.sendBaggage ?? false,
    acceptBaggage: settings.acceptBaggage ?? [],
    prices: settings.prices ?? {},
    unknownModel: settings.unknownModel ?? 'family',
    unmeteredEndpoints: settings.unmeteredEndpoints ?? 'warn',
    failureBilling: settings.failureBilling ?? {},
    includeUsage: settings.includeUsage ?? 'auto',
    budgetStatus: settings.budgetStatus ?? 'off',
    requireEnforcement: settings.requireEnforcement,
    summary: settings.summary,
    flushTimeoutMs: settings.flushTimeoutMs ?? DEFAULT_FLUSH_TIMEOUT_MS,
    captureContent: SPAN_VALUES.has(captureValue(env)),
    contentEvents: EVENT_VALUES.has(captureValue(env)),
    warnings: warningsOf(env),
  });
}

function budgetOf(settings: ParentSettings): BudgetDefinition {
  const { window, parent, maxShare, minOutputTokens } = settings;
  return defineBudget({
    name: settings.name,
    limits: settings.limits ?? {},
    ...(settings.mode === undefined ? {} : { mode: settings.mode }),
    ...(maxShare === undefined ? {} : { maxShare }),
    ...(minOutputTokens === undefined ? {} : { minOutputTokens }),
    ...(window === undefined ? {} : { window: { per: window.per, timeZone: window.timeZone ?? 'UTC' } }),
    ...(parent === undefined ? {} : { parent: budgetOf(parent) }),
  });
}

/** Checks a chain when it is configured, not when it is first used. */
function checkChain(budget: BudgetDefinition, path: string): void {
  try {
    chainOf(budget);
  } catch (error) {
    const why = errorMessage(error);
    throw new ConfigError(`${path}: parent: ${why}.`);
  }
}

function envSettings(env: Env): Settings {
  const limits: Record<string, unknown> = {};
  const raw: Record<string, unknown> = { limits };
  for (const [variable, [group, key, kind]] of Object.entries(VARIABLES)) {
    const text = env[variable]?.trim();
    if (text === undefined || text === '') continue;
    (group === undefined ? raw : limits)[key] = parseText(text, kind);
  }
  return checkSettings(raw, variableOf);
}

/** Returns a value that the schema accepts; a text that has none as it is, for the message. */
function parseText(text: string, kind: 'number' | 'text' | 'switch'): unknown {
  if (kind === 'number' && /^\d+(\.\d+)?$/.test(text)) return Number(text);
  if (kind === 'switch' && /^(0|1|true|false)$/i.test(text)) return text === '1' || /^true$/i.test(text);
  return text;
}

/** Returns the name of the setting that the store comes from, for messages: a variable, or an entry of the file. */
export function storeSettingName(env: Env = process.env): string {
  const { TOKEN_BUDGET_STORE: variable = '', [CONFIG_VARIABLE]: file = '' } = env;
  return variable.trim() === '' && file.trim() !== '' ? `${file.trim()}: store` : 'TOKEN_BUDGET_STORE';
}

function variableOf(path: string): string {
  const found = Object.entries(VARIABLES).find(
    ([, [group, key]]) => path === (group ? `${group}.${key}` : key),
  );
  return found?.[0] ?? path;
}

function fileSettings(env: Env): Settings {
  const path = env[CONFIG_VARIABLE]?.trim();
  if (path === undefined || path === '') return {};
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ConfigError(
      `${CONFIG_VARIABLE}: got "${path}", which cannot be read (${code}), expected the path of a JSON file.`,
    );
  }
  let value: unknown;
  try {
    // Some editors begin a file with a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
    throw new ConfigError(
      `${CONFIG_VARIABLE}: got "${path}", which is not JSON (${why}), expected the path of a JSON file.`,
    );
  }
  return checkSettings(value, (setting) => (setting === '' ? path : `${path}: ${setting}`));
}

/** Where content is recorded: `true`, or a place, as other SDKs accept. */
const SPAN_VALUES: ReadonlySet<string> = new Set(['true', '1', 'span_only', 'span_and_event']);
const EVENT_VALUES: ReadonlySet<string> = new Set(['event_only', 'span_and_event']);

function captureValue(env: Env): string {
  return env[CAPTURE_VARIABLE]?.trim().toLowerCase() ?? '';
}

/** A misspelt variable would leave a limit unset without a word. */
function warningsOf(env: Env): string[] {
  const known = [...Object.keys(VARIABLES), CONFIG_VARIABLE];
  const suffixes = known.map((variable) => variable.slice(PREFIX.length));
  return Object.keys(env)
    .filter((variable) => variable.startsWith(PREFIX) && !known.includes(variable))
    .map((variable) => {
      const closest = findClosestMatch(variable.slice(PREFIX.length), suffixes);
      const hint = closest === undefined ? '' : ` (did you mean ${PREFIX}${closest}?)`;
      return `${variable} is not a known variable${hint} and has no effect. Known variables: ${known.join(', ')}.`;
    });
}

/** Freezes a value and all its parts. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
