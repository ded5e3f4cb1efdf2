import { MAX_USD } from '../pricing/index.ts';
import { STORE_URL_SYNTAX } from '../stores/index.ts';

/** A setting in words: what errors and docs/configuration.md say of it. */
export interface SettingDoc {
  /** What is taken, after "taken is". */
  readonly takes: string;
  /** What holds where it is absent, as Markdown; nothing where that is nothing. */
  readonly otherwise?: string;
  /** What it does, as Markdown; absent for a part of a setting that is told of as a whole. */
  readonly effect?: string;
}

/** By the last part of the setting's path. */
export const SETTING_DOCS: Readonly<Record<string, SettingDoc>> = {
  name: {
    takes: 'a name of 1 to 200 letters, digits, or . _ : / -',
    otherwise: '`default`',
    effect: "the budget's name in errors, spans, metrics and logs",
  },
  mode: {
    takes: 'observe, soft or strict',
    otherwise: '`strict` where a limit is set, else `observe`',
    effect: 'how hard the limits are: see [guarantees](guarantees.md)',
  },
  limits: {
    takes: 'an object with costUsd, tokens, calls or minutes',
  },
  costUsd: {
    takes: `a number of USD from 0 to ${MAX_USD}, such as 5 or 0.25`,
    effect: 'the most that the process may spend, USD',
  },
  tokens: {
    takes: 'a whole number of tokens from 0, such as 100000',
    effect: 'the most tokens, input plus output',
  },
  calls: {
    takes: 'a whole number of calls from 0, such as 200',
    effect: 'the most calls that are answered; a call that ends without a charge is not counted',
  },
  minutes: {
    takes: 'a number of minutes from 0 to 5256000, such as 15',
    effect: 'wall-clock minutes from the start of the process, after which calls are refused',
  },
  maxShare: {
    takes: 'a number above 0 and at most 1, such as 0.5',
    otherwise: '`0.5`',
    effect: '`strict`: the share of what is left that a call without an output cap of its own may reserve',
  },
  minOutputTokens: {
    takes: 'a whole number of tokens from 1, such as 16',
    otherwise: '`16`',
    effect:
      '`strict`: a call that cannot be given this many output tokens is refused instead of being capped lower',
  },
  window: {
    takes: 'an object with per (hour, day or month) and timeZone',
    effect: 'the budget begins anew each hour, day or month of the time zone (UTC where none is named)',
  },
  per: {
    takes: 'hour, day or month',
  },
  timeZone: {
    takes: 'an IANA time zone, such as Europe/Berlin',
  },
  parent: {
    takes: 'an object with the name and the limits of a budget',
    effect:
      'calls are charged on it as well, and refused where it refuses them; at most 8 budgets in a chain',
  },
  store: {
    takes: STORE_URL_SYNTAX,
    otherwise: '`memory`',
    effect: 'where the ledger is: see [stores](stores.md)',
  },
  localQuota: {
    takes: 'true or false',
    otherwise: '`true`',
    effect:
      'Redis: whether a process reserves local quotas of the budget, so that most calls need no round trip: see [stores](stores.md#local-quotas)',
  },
  failurePolicy: {
    takes: 'open or closed',
    otherwise: '`open`',
    effect:
      'while the store is away, calls go on and are charged when it is back, or they are refused with a `StoreUnavailableError`',
  },
  storeTimeoutMs: {
    takes: 'a whole number of milliseconds from 1 to 60000, such as 250',
    otherwise: '`250`',
    effect: 'how long SQLite or Redis may take to answer before it counts as away',
  },
  waitMs: {
    takes: 'a whole number of milliseconds from 0 to 3600000, such as 5000',
    otherwise: '`0`',
    effect: 'how long a call may wait, in its turn, for open calls to be settled before it is refused',
  },
  leaseMs: {
    takes: 'a whole number of milliseconds from 100 to 3600000, such as 60000',
    otherwise: '`60000`',
    effect: 'how long after its process died a reservation in SQLite or Redis is charged in full',
  },
  sendBaggage: {
    takes: 'true or false',
    otherwise: '`false`',
    effect:
      "whether calls within `withBudget` carry the names of the chain as W3C baggage, where the host's instrumentation sends baggage",
  },
  acceptBaggage: {
    takes: 'a list of names of budgets',
    otherwise: '`[]`',
    effect: 'the registered budgets that baggage from outside may choose, by name',
  },
  prices: {
    takes: 'an object of model names, each with input and output in USD per million tokens',
    effect: 'prices that go before the price book; the name must be the very one that the request has',
  },
  unknownModel: {
    takes: 'family, error, zero, or an object with input and output in USD per million tokens',
    otherwise: '`family`',
    effect: 'what a model without a known price costs',
  },
  unmeteredEndpoints: {
    takes: 'warn or refuse',
    otherwise: '`warn`',
    effect:
      'what `strict` does with a request whose cost is not counted, or has no bound before it is sent: see [coverage](coverage.md)',
  },
  includeUsage: {
    takes: 'auto, always or never',
    otherwise: '`auto`',
    effect: 'whether streams of Chat and Completions are asked for their usage',
  },
  budgetStatus: {
    takes: 'off, text or compact',
    otherwise: '`off`',
    effect:
      'whether calls of Chat and Responses are told their budget, in a developer message that is appended last: see [jobs](jobs.md#prompts-that-know-the-budget)',
  },
  flushTimeoutMs: {
    takes: 'a whole number of milliseconds from 0 to 60000, such as 2000',
    otherwise: '`2000`',
    effect: 'how long the exit may wait for telemetry to be sent; 0: not at all',
  },
};
