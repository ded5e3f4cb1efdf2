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
import { ConfigError, checkSettings, type ParentSettings, type Settings } from './schema.ts';

/** Everything that can be set, checked and frozen. */
export interface Config {
  readonly budget: BudgetDefinition;
  /** False where no limit was set and the default one is watched. */
  readonly limitGiven: boolean;
  /** `memory`, `sqlite:PATH`, or the URL of a Redis. */
  readonly store: string;
  /** Whether this process reserves local quotas of budgets in Redis, so that most calls need no round trip. */
  readonly localQuota: boolean;
  /** What happens to calls while the store is away: they go on and are charged later, or they are refused. */
  readonly failurePolicy: FailurePolicy;
  /** How long a shared store may take to answer, milliseconds. */
  readonly storeTimeoutMs: number;
  /** How long a call may wait for open reservations to settle before it is denied, milliseconds. */
  readonly waitMs: number;
  /** How long a reservation outlives its process, milliseconds. */
  readonly leaseMs: number;
  /** Whether the names of the budget's chain go to other services as baggage. */
  readonly sendBaggage: boolean;
  /** The budgets that baggage from outside may choose, by name. */
  readonly acceptBaggage: readonly string[];
  readonly prices: Readonly<Record<string, PriceOverride>>;
  readonly unknownModel: UnknownModelPolicy;
  /** What `strict` does with a call whose cost cannot be counted, or not be bounded before it is sent. */
  readonly unmeteredEndpoints: 'warn' | 'refuse';
  /** Whether streams are asked for their usage: where the API is known to take it, always, or never. */
  readonly includeUsage: 'auto' | 'always' | 'never';
  /** Whether calls of Chat and Responses are told their budget in a last message, and at which length. */
  readonly budgetStatus: StatusFormat | 'off';
  /** How long the exit may wait for telemetry to be sent, milliseconds. */
  readonly flushTimeoutMs: number;
  /** Whether prompts and completions go into spans: the standard opt-in. */
  readonly captureContent: boolean;
  /** Lines for stderr about settings that are probably not what was meant. */
  readonly warnings: readonly string[];
}

export const DEFAULT_FLUSH_TIMEOUT_MS = 2_000;
export const DEFAULT_STORE_TIMEOUT_MS = 250;

/** Environment variables, such as `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The environment variables, where each goes among the settings, and whether it is a number. */
export const VARIABLES = {
  TOKEN_BUDGET_USD: ['limits', 'costUsd', 'number'],
  TOKEN_BUDGET_TOKENS: ['limits', 'tokens', 'number'],
  TOKEN_BUDGET_CALLS: ['limits', 'calls', 'number'],
  TOKEN_BUDGET_MINUTES: ['limits', 'minutes', 'number'],
  TOKEN_BUDGET_MODE: [undefined, 'mode', 'text'],
  TOKEN_BUDGET_NAME: [undefined, 'name', 'text'],
  TOKEN_BUDGET_STORE: [undefined, 'store', 'text'],
  TOKEN_BUDGET_STATUS: [undefined, 'budgetStatus', 'text'],
} as const;

const PREFIX = 'TOKEN_BUDGET_';
const CONFIG_VARIABLE = 'TOKEN_BUDGET_CONFIG';
const CAPTURE_VARIABLE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/**
 * The configuration: the file that `TOKEN_BUDGET_CONFIG` names (JSON), and over it the `TOKEN_BUDGET_*` variables. An
 * empty variable is one that is not set, as in OpenTelemetry.
 * @throws ConfigError in one line that names the setting, what was given and what is taken
 */
export function loadConfig(env: Env = process.env): Config {
  const file = fileSettings(env);
  const given = envSettings(env);
  const settings: Settings = { ...file, ...given, limits: { ...file.limits, ...given.limits } };
  const limitGiven = Object.values(settings.limits ?? {}).some((value) => value !== undefined);
  const limits: Limits = limitGiven ? (settings.limits ?? {}) : { costUsd: minutesToUsd(DEFAULT_MINUTES) };
  const budget = budgetOf({
    ...settings,
    name: settings.name ?? 'default',
    limits,
    mode: settings.mode ?? (limitGiven ? 'strict' : 'observe'),
  });
  checkChain(budget, env[CONFIG_VARIABLE] ?? CONFIG_VARIABLE);
  return freeze({
    budget,
    limitGiven,
    store: settings.store ?? 'memory',
    localQuota: settings.localQuota ?? true,
    failurePolicy: settings.failurePolicy ?? 'open',
    storeTimeoutMs: settings.storeTimeoutMs ?? DEFAULT_STORE_TIMEOUT_MS,
    waitMs: settings.waitMs ?? 0,
    leaseMs: settings.leaseMs ?? LEASE_MS,
    sendBaggage: settings.sendBaggage ?? false,
    acceptBaggage: settings.acceptBaggage ?? [],
    prices: settings.prices ?? {},
    unknownModel: settings.unknownModel ?? 'family',
    unmeteredEndpoints: settings.unmeteredEndpoints ?? 'warn',
    includeUsage: settings.includeUsage ?? 'auto',
    budgetStatus: settings.budgetStatus ?? 'off',
    flushTimeoutMs: settings.flushTimeoutMs ?? DEFAULT_FLUSH_TIMEOUT_MS,
    captureContent: capturesContent(env[CAPTURE_VARIABLE]),
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

/** A chain is checked where it is set, not where it is first used. */
function checkChain(budget: BudgetDefinition, path: string): void {
  try {
    chainOf(budget);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${path}: parent: ${why}.`);
  }
}

function envSettings(env: Env): Settings {
  const limits: Record<string, unknown> = {};
  const raw: Record<string, unknown> = { limits };
  for (const [variable, [group, key, kind]] of Object.entries(VARIABLES)) {
    const text = env[variable]?.trim();
    if (text === undefined || text === '') continue;
    const value = kind === 'number' && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    (group === undefined ? raw : limits)[key] = value;
  }
  return checkSettings(raw, variableOf);
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
      `${CONFIG_VARIABLE}: given "${path}", which cannot be read (${code}); taken is the path of a JSON file.`,
    );
  }
  let value: unknown;
  try {
    // Some editors begin a file with a byte order mark.
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
    throw new ConfigError(
      `${CONFIG_VARIABLE}: given "${path}", which is not JSON (${why}); taken is the path of a JSON file.`,
    );
  }
  return checkSettings(value, (setting) => (setting === '' ? path : `${path}: ${setting}`));
}

/** The conventions' opt-in: `true`, or one of the places that other SDKs let it be put in. */
function capturesContent(value: string | undefined): boolean {
  return ['true', '1', 'span_only', 'span_and_event'].includes(value?.trim().toLowerCase() ?? '');
}

/** A misspelt variable would leave a limit unset without a word. */
function warningsOf(env: Env): string[] {
  const known = [...Object.keys(VARIABLES), CONFIG_VARIABLE];
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => `${name} is not a setting and has no effect. Taken are: ${known.join(', ')}.`);
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
}
