import * as v from 'valibot';
import { type Limits, MODES, type Mode, WINDOW_UNITS, type Window } from '../budget/index.ts';
import { MAX_USD } from '../pricing/index.ts';
import { tryParseStoreUrl } from '../stores/index.ts';
import { formatValue, isRecord, shareClass, suggestClosest } from '../util/index.ts';
import { SETTING_DOCS } from './setting-docs.ts';

/**
 * A setting is unknown or has a wrong value. The message is one line that names the setting, its value and the
 * expected one.
 *
 * @example
 * try {
 *   loadConfig();
 * } catch (error) {
 *   if (!(error instanceof ConfigError)) throw error;
 *   console.error(error.message);
 * }
 */
export class ConfigError extends Error {
  readonly code = 'token_budget_config';

  constructor(message: string) {
    // One line, whatever a path or a key contains.
    super(message.replace(/[\r\n\u2028\u2029]+/g, ' '));
    this.name = 'ConfigError';
  }
}

shareClass(ConfigError, 'ConfigError');

/** An object of exactly these settings; valibot alone would accept an array too. */
function settingsObject<T extends v.ObjectEntries>(entries: T) {
  return v.pipe(v.custom<Record<string, unknown>>(isRecord), v.strictObject(entries));
}

const usd = v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_USD));
const count = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const minutes = v.pipe(v.number(), v.minValue(0), v.maxValue(5_256_000));
const name = v.pipe(v.string(), v.regex(/^[\w.:/-]{1,200}$/));
/** USD per million tokens. */
const price = v.pipe(v.number(), v.minValue(0), v.maxValue(1_000_000));

const PRICE_ENTRIES = {
  input: price,
  output: price,
  cachedInput: v.optional(price),
  cacheWrite: v.optional(price),
  audioInput: v.optional(price),
  imageInput: v.optional(price),
  audioOutput: v.optional(price),
  imageOutput: v.optional(price),
  picture: v.optional(price),
  second: v.optional(price),
  characters: v.optional(price),
};
/** The schemas of the limits, by name. */
export const LIMIT_ENTRIES = {
  costUsd: v.optional(usd),
  tokens: v.optional(count),
  calls: v.optional(count),
  minutes: v.optional(minutes),
};
const priceSchema = settingsObject(PRICE_ENTRIES);

const timeZone = v.pipe(
  v.string(),
  v.check((zone) => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
    } catch {
      return false;
    }
  }),
);
const WINDOW_ENTRIES = { per: v.picklist(WINDOW_UNITS), timeZone: v.optional(timeZone) };

/** The settings of one budget, the process's own or a parent. */
const BUDGET_ENTRIES = {
  name: v.optional(name),
  mode: v.optional(v.picklist(MODES)),
  limits: v.optional(settingsObject(LIMIT_ENTRIES)),
  window: v.optional(settingsObject(WINDOW_ENTRIES)),
  maxShare: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
  minOutputTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000_000))),
};

/** The settings of a parent budget. */
export interface ParentSettings {
  readonly name: string;
  readonly mode?: Mode | undefined;
  readonly limits?: Limits | undefined;
  readonly window?: { readonly per: Window['per']; readonly timeZone?: string | undefined } | undefined;
  readonly maxShare?: number | undefined;
  readonly minOutputTokens?: number | undefined;
  readonly parent?: ParentSettings | undefined;
}

const parentSchema: v.GenericSchema<unknown, ParentSettings> = settingsObject({
  ...BUDGET_ENTRIES,
  name,
  parent: v.optional(v.lazy(() => parentSchema)),
}) as v.GenericSchema<unknown, ParentSettings>;

/** The URL of a store. */
const store = v.pipe(
  v.string(),
  v.check((text) => tryParseStoreUrl(text) !== undefined),
);

/**
 * The schemas of the settings, by name: for the settings file, and for the environment once its texts are
 * parsed.
 */
export const SETTING_ENTRIES = {
  ...BUDGET_ENTRIES,
  parent: v.optional(parentSchema),
  store: v.optional(store),
  localQuota: v.optional(v.boolean()),
  failurePolicy: v.optional(v.picklist(['open', 'closed'])),
  storeWaitMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(600_000))),
  stateDirectory: v.optional(v.pipe(v.string(), v.minLength(1))),
  waitMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3_600_000))),
  leaseMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(3_600_000))),
  sendBaggage: v.optional(v.boolean()),
  acceptBaggage: v.optional(v.array(name)),
  prices: v.optional(
    v.pipe(
      v.custom<object>((value) => !Array.isArray(value)),
      v.record(v.string(), priceSchema),
    ),
  ),
  unknownModel: v.optional(v.union([v.picklist(['family', 'error', 'zero']), priceSchema])),
  unmeteredEndpoints: v.optional(v.picklist(['warn', 'refuse'])),
  failureBilling: v.optional(
    v.pipe(
      v.custom<object>((value) => !Array.isArray(value)),
      v.record(v.pipe(v.string(), v.regex(/^[45]\d\d$/)), v.picklist(['nothing', 'estimate', 'worst-case'])),
    ),
  ),
  includeUsage: v.optional(v.picklist(['auto', 'always', 'never'])),
  budgetStatus: v.optional(v.picklist(['off', 'text', 'compact'])),
  requireEnforcement: v.optional(v.boolean()),
  summary: v.optional(v.boolean()),
  flushTimeoutMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(60_000))),
};

/** The schema of all settings. */
export const settingsSchema = settingsObject(SETTING_ENTRIES);

/** The settings of a file or of the environment. */
export type Settings = v.InferOutput<typeof settingsSchema>;

const EXPECTED_SETTINGS = 'an object of settings';
const EXPECTED_MODEL_PRICE = 'an object with input and output in USD per million tokens';
const EXPECTED_TOKEN_PRICE = 'a number of USD per million tokens from 0 to 1000000, such as 1.75';

/** The expected values of prices that are not of tokens. */
const EXPECTED_UNIT_PRICES: Readonly<Record<string, string>> = {
  picture: 'a number of USD per picture from 0 to 1000000, such as 0.04',
  second: 'a number of USD per second from 0 to 1000000, such as 0.0001',
  characters: 'a number of USD per million characters from 0 to 1000000, such as 15',
};

/**
 * Checks settings.
 * @param nameOf returns how a message names a setting, by its path; the path of all settings is empty
 * @throws ConfigError that names the first wrong setting
 */
export function checkSettings(value: unknown, nameOf: (path: string) => string): Settings {
  const result = parseSettings(value, nameOf);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const keys = (issue.path ?? []).map((item) => String(item.key));
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const group = nameOf(keys.slice(0, -1).join('.'));
    throw new ConfigError(`${group}: ${unknownSetting(keys.at(-1) ?? '', knownSettings(keys))}`);
  }
  const got = formatValue(issue.input);
  throw new ConfigError(`${nameOf(keys.join('.'))}: got ${got}, expected ${expectedAt(keys)}.`);
}

function parseSettings(value: unknown, nameOf: (path: string) => string) {
  try {
    return v.safeParse(settingsSchema, value, { abortEarly: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`${nameOf('')}: nested too deeply, expected ${EXPECTED_SETTINGS}.`);
  }
}

function unknownSetting(name: string, known: readonly string[]): string {
  return `unknown setting ${formatValue(name)}${suggestClosest(name, known)}. Known settings: ${known.join(', ')}.`;
}

/** Whether a path is within the price of a model. */
function isPricePath([first, ...rest]: readonly string[]): boolean {
  return (first === 'prices' || first === 'unknownModel') && rest.length > 0;
}

function expectedAt(keys: readonly string[]): string {
  const [first] = keys;
  if (first === undefined) return EXPECTED_SETTINGS;
  if (!isPricePath(keys)) {
    // The elements of a list are documented with the list.
    const name = keys.findLast((key) => !/^\d+$/.test(key)) ?? '';
    return SETTING_DOCS[name]?.expected ?? 'another value';
  }
  if (first === 'prices' && keys.length === 2) return EXPECTED_MODEL_PRICE;
  return EXPECTED_UNIT_PRICES[keys.at(-1) ?? ''] ?? EXPECTED_TOKEN_PRICE;
}

/** The names of the settings beside the one at a path. */
function knownSettings(keys: readonly string[]): readonly string[] {
  if (isPricePath(keys)) return Object.keys(PRICE_ENTRIES);
  switch (keys.at(-2)) {
    case 'limits':
      return Object.keys(LIMIT_ENTRIES);
    case 'window':
      return Object.keys(WINDOW_ENTRIES);
    case 'parent':
      return [...Object.keys(BUDGET_ENTRIES), 'parent'];
    default:
      return Object.keys(SETTING_ENTRIES);
  }
}
