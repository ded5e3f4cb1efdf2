import type { Outcome } from './round.ts';

/** One line about a round. */
export function roundLine({ plan, billed, settled, calls, errors, failures }: Outcome): string {
  const { seed, weather, conditions, store, failurePolicy, processes, workers, limitNanoUsd } = plan;
  const detail = weather === 'storm' ? ` (${conditions.join(', ')})` : '';
  const denials = Object.entries(errors).map(([code, count]) => `${count} ${code}`);
  return [
    `${failures.length === 0 ? 'ok' : 'FAILED'} ${weather}${detail}, ${store}, ${failurePolicy}, seed ${seed}: ${processes} processes × ${workers}`,
    `limit ${usd(limitNanoUsd)}, billed ${usd(billed)}, ledger ${usd(settled)}`,
    [`${calls} calls`, ...denials].join(', '),
    ...failures,
  ].join('; ');
}

/** The Markdown table of many rounds, by weather: shares of the limit that were billed and are in the ledger. */
export function roundTable(outcomes: readonly Outcome[]): string {
  const rows = [...new Set(outcomes.map(kindOf))].sort().map((kind) => {
    const these = outcomes.filter((outcome) => kindOf(outcome) === kind);
    const failed = these.filter(({ failures }) => failures.length > 0).length;
    const calls = these.reduce((sum, one) => sum + one.calls, 0);
    const billed = range(these.map((one) => one.billed / one.plan.limitNanoUsd));
    const ledger = range(these.map((one) => one.settled / one.plan.limitNanoUsd));
    return `| ${kind} | ${these.length} | ${calls.toLocaleString('en')} | ${billed} | ${ledger} | ${failed} |`;
  });
  return [
    '| weather | rounds | calls | billed, of the limit | ledger, of the limit | failed |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function kindOf({ plan: { weather, failurePolicy } }: Outcome): string {
  return failurePolicy === 'open' ? `${weather}, \`open\`` : weather;
}

function range(shares: readonly number[]): string {
  return `${percent(Math.min(...shares))}–${percent(Math.max(...shares))}`;
}

/** Rounded down below the limit, so that 100% is the whole of it. */
function percent(share: number): string {
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)}%`;
}

function usd(nano: number): string {
  return `$${(nano / 1e9).toFixed(4)}`;
}
