import { MAX_USD } from '../pricing/index.ts';
import { STORE_URL_SYNTAX } from '../stores/index.ts';

/** The documentation of a setting, for errors and docs/configuration.md. */
export interface SettingDoc {
  /** The values that it accepts: the text after "expected" in an error. */
  readonly expected: string;
  /** The default, as Markdown; absent if there is none. */
  readonly default?: string;
  /** The effect of the setting, as Markdown; absent for a part of a setting that is documented as a whole. */
  readonly description?: string;
}

/** The documentation of every setting, by the last part of its path. */
export const SETTING_DOCS: Readonly<Record<string, SettingDoc>> = {
  name: {
    expected: 'a name of 1 to 200 letters, digits, or . _ : / -',
    default: '`default`',
    description: 'the name of the budget in errors, spans, metrics and logs',
  },
  mode: {
    expected: 'observe, soft or strict',
    default: '`strict` if a limit is set, else `observe`',
    description: 'how the limits are enforced: see [guarantees](guarantees.md)',
  },
  limits: {
    expected: 'an object with costUsd, tokens, calls or minutes',
  },
  costUsd: {
    expected: `a number of USD from 0 to ${MAX_USD}, such as 5 or 0.25`,
    description: 'the most that the process may spend, USD',
  },
  tokens: {
    expected: 'a whole number of tokens from 0, such as 100000',
    description: 'the most tokens, input plus output',
  },
  calls: {
    expected: 'a whole number of calls from 0, such as 200',
    description: 'the most calls with an answer; a call that ends without a charge is not counted',
  },
  minutes: {
    expected: 'a number of minutes from 0 to 5256000, such as 15',
    description: 'wall-clock minutes from the start of the process, after which calls are denied',
  },
  maxShare: {
    expected: 'a number above 0 and at most 1, such as 0.5',
    default: '`0.5`',
    description: '`strict`: the share of what is left that a call without an output cap may reserve',
  },
  minOutputTokens: {
    expected: 'a whole number of tokens from 1, such as 16',
    default: '`16`',
    description: '`strict`: a call that cannot get this many output tokens is denied instead of clamped',
  },
  window: {
    expected: 'an object with per (hour, day or month) and timeZone',
    description: 'renews the budget every hour, day or month of the time zone (default: UTC)',
  },
  per: {
    expected: 'hour, day or month',
  },
  timeZone: {
    expected: 'an IANA time zone, such as Europe/Berlin',
  },
  parent: {
    expected: 'an object with the name and the limits of a budget',
    description:
      'a budget that calls are charged to as well, and that may deny them too; at most 8 budgets in a chain',
  },
  store: {
    expected: STORE_URL_SYNTAX,
    default: '`memory`',
    description: 'where the ledger is kept: see [stores](stores.md)',
  },
  localQuota: {
    expected: 'true or false',
    default: '`true`',
    description:
      'Redis: whether a process reserves a local quota of the budget, so that most calls need no round trip: see [stores](stores.md#local-quotas)',
  },
  failurePolicy: {
    expected: 'open or closed',
    default: '`closed` in `strict`, else `open`',
    description:
      'while the store is unavailable: `open` sends calls, enforces no limit and charges them once it is back, `closed` denies them with a `StoreUnavailableError`: see [stores](stores.md#when-the-store-is-unavailable)',
  },
  storeWaitMs: {
    expected: 'a whole number of milliseconds from 1 to 600000, such as 10000',
    default: '`10000`',
    description:
      'how long a call waits for SQLite or Redis before it counts as unavailable; at most 1 second if none of its budgets is strict and the store has answered before',
  },
  stateDirectory: {
    expected: 'a path, such as "/var/lib/token-budget"',
    default: '`$XDG_STATE_HOME/otel-token-budget`',
    description:
      'Redis: where this host keeps what is owed to it while it is unavailable: see [stores](stores.md#what-is-owed)',
  },
  waitMs: {
    expected: 'a whole number of milliseconds from 0 to 3600000, such as 5000',
    default: '`0`',
    description:
      'how long a call may wait, first come first served, for open calls to settle before it is denied',
  },
  leaseMs: {
    expected: 'a whole number of milliseconds from 100 to 3600000, such as 60000',
    default: '`60000`',
    description: 'how long after its process died a reservation in SQLite or Redis is charged in full',
  },
  sendBaggage: {
    expected: 'true or false',
    default: '`false`',
    description:
      "whether calls within `withBudget` carry the names of the chain as W3C baggage, if the host's instrumentation sends baggage",
  },
  acceptBaggage: {
    expected: 'a list of names of budgets',
    default: '`[]`',
    description: 'the names of registered budgets that incoming baggage may select',
  },
  prices: {
    expected: 'an object of model names, each with input and output in USD per million tokens',
    description:
      'prices that override the price book, by the exact model name of the request: see [prices](#prices)',
  },
  unknownModel: {
    expected: 'family, error, zero, or an object with input and output in USD per million tokens',
    default: '`family`',
    description: 'the price of a model without a known price: see [prices](#prices)',
  },
  unmeteredEndpoints: {
    expected: 'warn or refuse',
    default: '`warn`',
    description:
      'what `strict` does with a request whose cost is not counted, or has no bound before it is sent: see [coverage](coverage.md)',
  },
  failureBilling: {
    expected: 'an object of statuses from 400 to 599, each nothing, estimate or worst-case',
    description:
      'what a request is charged that fails with an error status, by the status: see [failed requests](guarantees.md#failed-requests)',
  },
  includeUsage: {
    expected: 'auto, always or never',
    default: '`auto`',
    description:
      'whether streams of Chat and Completions are asked for their usage: see [usage of streams](#usage-of-streams)',
  },
  budgetStatus: {
    expected: 'off, text or compact',
    default: '`off`',
    description:
      'whether calls of Chat and Responses are sent with the status of the budget, in a developer message at the end: see [jobs](jobs.md#prompts-that-know-the-budget)',
  },
  requireEnforcement: {
    expected: 'true or false',
    default: 'for what is found at the start, in `strict`',
    description:
      'whether a copy of openai that cannot be metered ends the process with exit code 78: when it is loaded, and with `true` also before a request of a copy that was not seen: see [when nothing is counted](opentelemetry.md#when-nothing-is-counted)',
  },
  summary: {
    expected: 'true or false; the variable: 1 or 0',
    default: 'on a terminal',
    description: 'whether the process prints on stderr, when it ends, what its calls cost and what is left',
  },
  flushTimeoutMs: {
    expected: 'a whole number of milliseconds from 0 to 60000, such as 2000',
    default: '`2000`',
    description: 'how long exit may wait for telemetry to be sent; 0: not at all',
  },
};
