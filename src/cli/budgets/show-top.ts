import { errorMessage, escapeControl, formatQuantity, formatValue } from '../../util/index.ts';
import { UsageError } from '../exit.ts';
import { openSharedLedger, redactPassword, type StoreOptions } from '../store-option.ts';
import { styleOutput } from '../style.ts';
import { formatBudgets } from './budget-table.ts';
import { type BudgetView, readBudgetViews } from './budget-view.ts';
import { SpendRateMeter } from './spend-rate.ts';

/** The options of `top`, as given. */
export interface TopOptions extends StoreOptions {
  /** Seconds between updates. */
  readonly interval?: string;
}

const ENTER_SCREEN = '\u001b[?1049h\u001b[?25l';
const LEAVE_SCREEN = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_SCREEN_END = '\u001b[J';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** q, Ctrl-C (which is no signal on a raw terminal), and Escape alone. */
const STOP_KEYS: readonly string[] = ['q', 'Q', '\u0003', '\u001b'];

/**
 * Shows the budgets of a ledger and how fast they are spent, and updates them until q or Ctrl-C is pressed.
 * @throws UsageError if stdout is not a terminal, or the interval is wrong
 */
export async function showTop(options: TopOptions): Promise<void> {
  const intervalMs = parseInterval(options);
  if (process.stdout.isTTY !== true) {
    throw new UsageError('top needs a terminal; use `token-budget status` in scripts.');
  }
  const { ledger, store } = openSharedLedger(options);
  const meter = new SpendRateMeter();
  const title = redactPassword(store);
  let views: BudgetView[] = [];
  let problem = '';
  const draw = (): void => {
    const lines = formatBudgets(views, { now: Date.now(), rates: meter.ratesOf(views) });
    drawScreen({ title, budgets: views.length, lines, problem });
  };
  const update = async (): Promise<void> => {
    try {
      views = (await readBudgetViews(ledger)).sort((a, b) => b.usedShare - a.usedShare);
      problem = '';
      meter.addSample(views, Date.now());
    } catch (error) {
      problem = errorMessage(error);
    }
    draw();
  };
  process.stdout.write(ENTER_SCREEN);
  try {
    await repeatUntilStopped(update, intervalMs, draw);
  } finally {
    process.stdout.write(LEAVE_SCREEN);
    await ledger.close();
  }
}

function parseInterval({ interval = '2' }: TopOptions): number {
  const seconds = Number(interval);
  if (/^\d+(\.\d+)?$/.test(interval) && seconds >= 0.2 && seconds <= 3_600) return seconds * 1_000;
  throw new UsageError(
    `--interval: got ${formatValue(interval)}, expected a number of seconds from 0.2 to 3600, such as 5.`,
  );
}

/** Updates again and again, one update at a time, until a key or a signal stops it. */
function repeatUntilStopped(
  update: () => Promise<void>,
  intervalMs: number,
  redraw: () => void,
): Promise<void> {
  const { stdin, stdout } = process;
  return new Promise((done) => {
    let isStopped = false;
    let timer: NodeJS.Timeout | undefined;
    const updateAndWait = async (): Promise<void> => {
      await update();
      if (!isStopped) timer = setTimeout(updateAndWait, intervalMs);
    };
    const stop = (): void => {
      if (isStopped) return;
      isStopped = true;
      clearTimeout(timer);
      stdout.off('resize', redraw);
      stdin.off('data', onKeys);
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
      done();
    };
    const onKeys = (keys: Buffer): void => {
      if (STOP_KEYS.includes(keys.toString())) stop();
    };
    if (stdin.isTTY) {
      stdin.setRawMode(true);
      stdin.on('data', onKeys);
    }
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    stdout.on('resize', redraw);
    void updateAndWait();
  });
}

interface Screen {
  readonly title: string;
  readonly budgets: number;
  readonly lines: readonly string[];
  /** Why the last update failed; empty if it did not. */
  readonly problem: string;
}

function drawScreen({ title, budgets, lines, problem }: Screen): void {
  const { rows = 24, columns = 80 } = process.stdout;
  const clock = new Date().toLocaleTimeString('en-GB');
  const head = `token-budget  ${formatQuantity(budgets, 'budget')}  ${clock}`;
  const store = head.length + title.length + 2 <= columns ? `  ${escapeControl(title)}` : '';
  const room = Math.max(1, rows - 4);
  const visible =
    lines.length <= room
      ? lines
      : [...lines.slice(0, room - 1), styleOutput('dim', `… ${lines.length - room + 1} more lines`)];
  const none = budgets === 0 && problem === '' ? ['No budgets yet.'] : [];
  const foot =
    problem === ''
      ? styleOutput('dim', 'q quits')
      : styleOutput('red', escapeControl(problem).slice(0, columns));
  const screen = [`${styleOutput('bold', head)}${styleOutput('dim', store)}`, '', ...none, ...visible];
  const text = screen.map((line) => line + CLEAR_LINE_END).join('\r\n');
  process.stdout.write(
    `${HOME}${text}${CLEAR_LINE_END}\r\n${CLEAR_SCREEN_END}\u001b[${rows};1H${foot}${CLEAR_LINE_END}`,
  );
}
