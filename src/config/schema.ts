import * as v from 'valibot';
import { type Limits, MODES, type Mode, type Window } from '../budget/index.ts';
import { MAX_USD } from '../pricing/index.ts';
import { tryParseStoreUrl } from '../stores/index.ts';
import { formatValue } from '../util/index.ts';
import { SETTING_DOCS } from './setting-docs.ts';

/** A setting's value is not one that is taken. The message is one line and names setting, value and what is taken. */
export class ConfigError extends Error {
  readonly code = 'token_budget_config';

  constructor(message: string) {
    // One line, whatever stands in a path or a key.
    super(message.replace(/[\r\n\u2028\u2029]+/g, ' '));
    this.name = 'ConfigError';
  }
}

/** An object of just these settings; valibot alone would take an array for one. */
function settings<T extends v.ObjectEntries>(entries: T) {
  return v.pipe(
    v.custom<Record<string, unknown>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    ),
    v.strictObject(entries),
  );
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
export const LIMIT_ENTRIES = {
  costUsd: v.optional(usd),
  tokens: v.optional(count),
  calls: v.optional(count),
  minutes: v.optional(minutes),
};
const priceSchema = settings(PRICE_ENTRIES);

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
const WINDOW_ENTRIES = { per: v.picklist(['hour', 'day', 'month']), timeZone: v.optional(timeZone) };

/** What one budget is set to, the process's own or a parent. */
const BUDGET_ENTRIES = {
  name: v.optional(name),
  mode: v.optional(v.picklist(MODES)),
  limits: v.optional(settings(LIMIT_ENTRIES)),
  window: v.optional(settings(WINDOW_ENTRIES)),
  maxShare: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1))),
  minOutputTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000_000))),
};

export interface ParentSettings {
  readonly name: string;
  readonly mode?: Mode | undefined;
  readonly limits?: Limits | undefined;
  readonly window?: { readonly per: Window['per']; readonly timeZone?: string | undefined } | undefined;
  readonly maxShare?: number | undefined;
  readonly minOutputTokens?: number | undefined;
  readonly parent?: ParentSettings | undefined;
}

const parentSchema: v.GenericSchema<unknown, ParentSettings> = settings({
  ...BUDGET_ENTRIES,
  name,
  parent: v.optional(v.lazy(() => parentSchema)),
}) as v.GenericSchema<unknown, ParentSettings>;

/** `memory`, `sqlite:PATH`, or the URL of a Redis. */
const store = v.pipe(
  v.string(),
  v.check((text) => tryParseStoreUrl(text) !== undefined),
);

/** The settings file, and what the environment is checked against once its texts are read. */
export const SETTING_ENTRIES = {
  ...BUDGET_ENTRIES,
  parent: v.optional(parentSchema),
  store: v.optional(store),
  localQuota: v.optional(v.boolean()),
  failurePolicy: v.optional(v.picklist(['open', 'closed'])),
  storeTimeoutMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(60_000))),
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
  includeUsage: v.optional(v.picklist(['auto', 'always', 'never'])),
  budgetStatus: v.optional(v.picklist(['off', 'text', 'compact'])),
  flushTimeoutMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(60_000))),
};
export const settingsSchema = settings(SETTING_ENTRIES);

export type Settings = v.InferOutput<typeof settingsSchema>;

const PRICE_TAKES = 'a number of USD per million tokens from 0 to 1000000, such as 1.75';

/** What the prices take that are not of tokens. */
const UNIT_PRICE_TAKES: Readonly<Record<string, string>> = {
  picture: 'a number of USD per picture from 0 to 1000000, such as 0.04',
  second: 'a number of USD per second from 0 to 1000000, such as 0.0001',
  characters: 'a number of USD per million characters from 0 to 1000000, such as 15',
};

/** Checks settings. @throws ConfigError that names the first setting that is wrong */
export function checkSettings(value: unknown, nameOf: (path: string) => string): Settings {
  const result = parse(value, nameOf);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const keys = (issue.path ?? []).map((item) => String(item.key));
  const path = keys.join('.');
  const given = formatValue(issue.input);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    throw new ConfigError(`${nameOf(path)} is not a setting. Taken are: ${known(keys)}.`);
  }
  const takes = takesOf(keys);
  throw new ConfigError(`${nameOf(path)}: given ${given}; taken is ${takes}.`);
}

function parse(value: unknown, nameOf: (path: string) => string) {
  try {
    return v.safeParse(settingsSchema, value, { abortEarly: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigError(`${nameOf('')}: is nested too deeply; taken is an object of settings.`);
  }
}

function takesOf(keys: readonly string[]): string {
  if (keys.length === 0) return 'an object of settings';
  if (keys[0] !== 'prices' && keys[0] !== 'unknownModel')
    return SETTING_DOCS[keys.findLast((key) => !/^\d+$/.test(key)) ?? '']?.takes ?? 'another value';
  const unit = UNIT_PRICE_TAKES[keys.at(-1) ?? ''];
  const depth = keys[0] === 'prices' ? keys.length - 1 : keys.length;
  if (keys.length === 1) return SETTING_DOCS[keys[0]]?.takes ?? PRICE_TAKES;
  return depth === 1 ? 'an object with input and output in USD per million tokens' : (unit ?? PRICE_TAKES);
}

function known(keys: readonly string[]): string {
  const group = keys.at(-2);
  if (group === undefined) return Object.keys(SETTING_ENTRIES).join(', ');
  if (group === 'limits') return Object.keys(LIMIT_ENTRIES).join(', ');
  if (group === 'window') return Object.keys(WINDOW_ENTRIES).join(', ');
  return group === 'parent'
    ? [...Object.keys(BUDGET_ENTRIES), 'parent'].join(', ')
    : Object.keys(PRICE_ENTRIES).join(', ');
}
