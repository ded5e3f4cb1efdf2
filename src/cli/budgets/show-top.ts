import { UsageError } from '../exit.ts';
import { openSharedLedger, redactPassword, type StoreOptions } from '../store-option.ts';
import { styleOutput } from '../style.ts';
import { formatBudgets, type SpendRate } from './budget-table.ts';
import { type BudgetView, readBudgetViews } from './budget-view.ts';

export interface TopOptions extends StoreOptions {
  /** Seconds between two looks. */
  readonly interval?: string;
}

/** How far back the pace is measured, milliseconds. */
const PACE_MS = 300_000;

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const END_OF_LINE = '\u001b[K';
const END_OF_SCREEN = '\u001b[J';

/**
 * Shows the budgets of a ledger and how fast they are spent, anew every few seconds, until q or Ctrl-C is pressed.
 * @throws UsageError where stdout is no terminal, or the interval is wrong
 */
export async function showTop(options: TopOptions): Promise<void> {
  const everyMs = intervalOf(options);
  if (process.stdout.isTTY !== true) {
    throw new UsageError('top needs a terminal to draw on; taken elsewhere is status.');
  }
  const { ledger, store } = openSharedLedger(options);
  const pace = new Pace();
  const title = redactPassword(store);
  let views: BudgetView[] = [];
  let trouble = '';
  const draw = (): void => {
    const now = Date.now();
    const lines = formatBudgets(views, now, pace.of(views));
    show(title, views.length, lines, trouble);
  };
  const look = async (): Promise<void> => {
    try {
      views = (await readBudgetViews(ledger)).sort((a, b) => b.usedShare - a.usedShare);
      trouble = '';
      pace.see(views, Date.now());
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
    draw();
  };
  process.stdout.write(ENTER);
  try {
    await repeated(look, everyMs, draw);
  } finally {
    process.stdout.write(LEAVE);
    await ledger.close();
  }
}

function intervalOf({ interval = '2' }: TopOptions): number {
  const seconds = Number(interval);
  if (/^\d+(\.\d+)?$/.test(interval) && seconds >= 0.2 && seconds <= 3_600) return seconds * 1_000;
  throw new UsageError(`--interval: given "${interval}"; taken is a number of seconds from 0.2 to 3600.`);
}

/** Looks again and again, one look at a time, until a key or a signal ends it. */
function repeated(look: () => Promise<void>, everyMs: number, redraw: () => void): Promise<void> {
  const { stdin, stdout } = process;
  return new Promise((done) => {
    let ended = false;
    let timer: NodeJS.Timeout | undefined;
    const again = async (): Promise<void> => {
      await look();
      if (!ended) timer = setTimeout(again, everyMs);
    };
    const end = (): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      stdout.off('resize', redraw);
      stdin.off('data', press);
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
      done();
    };
    const press = (keys: Buffer): void => {
      // q, Ctrl-C (raw: no signal comes of it), or Escape alone.
      const text = keys.toString();
      if (text === 'q' || text === 'Q' || text === '\u0003' || text === '\u001b') end();
    };
    if (stdin.isTTY) {
      stdin.setRawMode(true);
      stdin.on('data', press);
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
    stdout.on('resize', redraw);
    void again();
  });
}

function show(store: string, budgets: number, lines: readonly string[], trouble: string): void {
  const { rows = 24, columns = 80 } = process.stdout;
  const clock = new Date().toLocaleTimeString('en-GB');
  const title = `token-budget  ${budgets} ${budgets === 1 ? 'budget' : 'budgets'}  ${clock}`;
  const where = title.length + store.length + 2 <= columns ? `  ${store}` : '';
  const room = Math.max(1, rows - 4);
  const shown =
    lines.length <= room
      ? lines
      : [...lines.slice(0, room - 1), styleOutput('dim', `… ${lines.length - room + 1} more lines`)];
  const none = budgets === 0 && trouble === '' ? ['No budget was used yet.'] : [];
  const foot = trouble === '' ? styleOutput('dim', 'q quits') : styleOutput('red', trouble.slice(0, columns));
  const screen = [`${styleOutput('bold', title)}${styleOutput('dim', where)}`, '', ...none, ...shown];
  const text = screen.map((line) => line + END_OF_LINE).join('\r\n');
  process.stdout.write(
    `${HOME}${text}${END_OF_LINE}\r\n${END_OF_SCREEN}\u001b[${rows};1H${foot}${END_OF_LINE}`,
  );
}

interface Seen {
  readonly at: number;
  readonly views: ReadonlyMap<string, BudgetView>;
}

/** How fast budgets are spent, measured from look to look. */
class Pace {
  #seen: Seen[] = [];

  see(views: readonly BudgetView[], at: number): void {
    this.#seen.push({ at, views: new Map(views.map((view) => [view.name, view])) });
    // One look from before the span is kept, so that all of it is measured.
    while ((this.#seen[1]?.at ?? at) < at - PACE_MS) this.#seen.shift();
  }

  of(views: readonly BudgetView[]): Map<string, SpendRate> {
    return new Map(views.map((view) => [view.name, this.#extras(view)]));
  }

  #extras(view: BudgetView): SpendRate {
    const last = this.#seen.at(-1);
    const first = this.#seen.find(({ views }) => views.get(view.name)?.startedAt === view.startedAt);
    const before = first?.views.get(view.name);
    const elapsed = (last?.at ?? 0) - (first?.at ?? 0);
    if (before === undefined || elapsed < 1_000) return { usdPerHour: undefined, lastsMs: undefined };
    const usdPerHour = ((view.settled.costUsd - before.settled.costUsd) / elapsed) * 3_600_000;
    const lasts = view.limits.flatMap(({ limit, settled, left }) => {
      const then = before.limits.find((one) => one.limit === limit);
      const spent = settled - (then?.settled ?? settled);
      return spent > 0 ? [(left / spent) * elapsed] : [];
    });
    return {
      usdPerHour: Math.max(0, usdPerHour),
      lastsMs: lasts.length === 0 ? undefined : Math.min(...lasts),
    };
  }
}
