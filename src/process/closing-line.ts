import { fileURLToPath } from 'node:url';
import {
  type Amounts,
  addAmounts,
  type BudgetEvent,
  formatCost,
  formatLimit,
  formatLimitAmount,
  LIMIT_NAMES,
  NOTHING,
  onAnyBudgetEvent,
  type TokenBudgetTracker,
  windowOf,
} from '../budget/index.ts';
import type { Config } from '../config/index.ts';
import { nanoToUsd } from '../pricing/index.ts';
import { isAnyClientMetered, isNotEnforcedReported } from '../telemetry/context/index.ts';
import { entryModuleUrl, formatDuration, formatQuantity, printLine } from '../util/index.ts';

/** The last line of a process: what its calls cost, or that none was counted. */
export class ClosingLine {
  readonly #tracker: TokenBudgetTracker;
  readonly #config: Config;
  readonly #isWanted: boolean;
  #charged: Amounts = NOTHING;
  #denied = 0;
  #clamped = 0;
  #isPrinted = false;

  constructor(tracker: TokenBudgetTracker, config: Config) {
    this.#tracker = tracker;
    this.#config = config;
    const { summary = process.stderr.isTTY === true } = config;
    this.#isWanted = summary;
    // Of any budget: calls within `withBudget` are charged to that of the process as well.
    if (summary) onAnyBudgetEvent((event) => this.#count(event));
  }

  /** Prints the line, if there is one to print; once. */
  print(): void {
    if (this.#isPrinted) return;
    this.#isPrinted = true;
    const line = this.#isWanted && this.#wasUsed ? this.#summary() : this.#problem();
    if (line !== undefined) printLine(line);
  }

  get #wasUsed(): boolean {
    return this.#charged.calls > 0 || this.#denied > 0;
  }

  #count(event: BudgetEvent): void {
    if (event.type === 'call')
      this.#charged = addAmounts(addAmounts(this.#charged, event.charged), event.attempts);
    if (event.type === 'denied') this.#denied += 1;
    if (event.type === 'clamped') this.#clamped += 1;
  }

  #summary(): string {
    const { budget } = this.#tracker;
    const { calls, costNanoUsd } = this.#charged;
    const remaining = this.#tracker.lastRemaining;
    const left = LIMIT_NAMES.flatMap((limit) => {
      const [of, rest] = [budget.limits[limit], remaining[limit]];
      return of === undefined || rest === undefined
        ? []
        : `${formatLimitAmount(limit, rest)} of ${formatLimit(limit, of)}`;
    });
    const parts = [
      `${formatQuantity(calls, 'call')} for ${formatCost(nanoToUsd(costNanoUsd))}`,
      ...(this.#denied === 0 ? [] : [`${this.#denied} denied`]),
      ...(this.#clamped === 0 ? [] : [`${this.#clamped} sent with a lower cap`]),
    ];
    return `"${budget.name}": ${parts.join(', ')}${left.length === 0 ? '' : `; left ${left.join(', ')}`}${this.#reset()}`;
  }

  #reset(): string {
    const { window } = this.#tracker.budget;
    if (window === undefined) return '';
    const now = Date.now();
    return `; resets in ${formatDuration(windowOf(window, now).end - now)}`;
  }

  /** A limit that nothing was counted against may be a mistake. Programs that only start others have none of their own. */
  #problem(): string | undefined {
    if (
      isNotEnforcedReported() ||
      !this.#config.limitGiven ||
      isAnyClientMetered() ||
      !isPreloadOfThisProgram()
    )
      return undefined;
    if (Number(process.exitCode ?? 0) !== 0) return undefined;
    return (
      `a limit is set, and no client of a model was seen in this process, so "${this.#tracker.budget.name}" counted and ` +
      'refused nothing; see docs/opentelemetry.md'
    );
  }
}

/** Whether the preload was given to this program, not to whatever a command starts, as by NODE_OPTIONS. */
function isPreloadOfThisProgram(): boolean {
  const own = entryModuleUrl('register');
  const names = ['otel-token-budget/register', own.href, fileURLToPath(own)];
  const isNamedIn = (text: string): boolean => names.some((name) => text.includes(name));
  return process.execArgv.some(isNamedIn) && !isNamedIn(process.env['NODE_OPTIONS'] ?? '');
}
