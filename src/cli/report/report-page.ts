import { readFileSync } from 'node:fs';
import { distFileUrl } from '../../util/index.ts';
import { count, duration, formatCost, formatLimit, formatLimitAmount } from '../style.ts';
import { Html, html, jsonScript } from './html.ts';
import type {
  CallGroup,
  ReportData,
  ReportedCall,
  ReportedLimit,
  ReportTotals,
  SpendingSeries,
} from './report-data.ts';

/** How many rows of a group are shown. */
const ROWS = 12;

/** How many budgets have a line in the plot of what was left. */
const LINES = 6;

/** The page: it loads nothing, from nowhere, and its tables need no script. */
export function renderReportPage(data: ReportData, generatedAt: number): string {
  const { source, from, to, totals, spending, budgets, groups, mostExpensive: calls, events } = data;
  const lines = budgets.filter(({ history, value }) => history.length > 6 && value > 0).slice(0, LINES);
  const when = sameDay(from, to) ? clock : dayAndClock;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>Token budgets: ${source}</title>
<style>${asset('uPlot.min.css')}${asset('report.css')}</style>
<noscript><style>.plot, .legend, .plotted { display: none; }</style></noscript>
</head>
<body>
<header>
<h1>Token budgets</h1>
<p>${source}</p>
<p>${Number.isFinite(from) ? html`${moment(from)} to ${sameDay(from, to) ? clock(to) : moment(to)} (${duration(to - from)})` : 'nothing recorded'}</p>
</header>
<main>
${tiles(totals)}
${budgets.length === 0 ? undefined : html`<section><h2>Budgets</h2>${meters(budgets)}</section>`}
${spendingSection(spending)}
${lines.length === 0 ? undefined : leftSection(lines)}
<div class="groups">${groups.filter(({ rows }) => rows.length > 0).map(groupSection)}</div>
${calls === undefined ? undefined : [callSection('Dearest calls', calls.dearest, when), callSection('Slowest calls', calls.slowest, when)]}
${eventSection(events, when)}
${calls === undefined ? html`<p class="note">A ledger knows budgets and sums, not single calls. For models, steps and calls give OTLP JSON lines.</p>` : undefined}
</main>
<footer>otel-token-budget, ${moment(generatedAt)}. Times are of ${timeZone()}.</footer>
${jsonScript('data', { timeZone: timeZone(), spending, left: lines.map(shareLeft) })}
<script>${asset('uPlot.iife.min.js')}</script>
<script type="module">${asset('plots.js')}</script>
<!-- uPlot: ${asset('uPlot.LICENSE.txt')} -->
</body>
</html>
`;
  return page.text;
}

/** A file that the build puts beside this one. */
function asset(name: string): Html {
  return new Html(readFileSync(distFileUrl(`cli/report/assets/${name}`), 'utf8').trim());
}

function tiles({ costUsd, calls, tokens, input, cached, output, denied, failed }: ReportTotals): Html {
  const detail =
    input === undefined
      ? undefined
      : `${compact(input)} in (${input === 0 ? 0 : Math.round((100 * (cached ?? 0)) / input)} % cached), ${compact(output ?? 0)} out`;
  const tile = (label: string, value: string, more?: string): Html =>
    html`<div class="tile"><dt>${label}</dt><dd>${value}</dd>${more === undefined ? undefined : html`<dd class="more">${more}</dd>`}</div>`;
  return html`<dl class="tiles">
${tile('Spent', formatCost(costUsd), calls === 0 ? undefined : `${formatCost(costUsd / calls)} a call`)}
${tile('Calls', count(calls), failed === undefined ? undefined : `${failed} failed`)}
${tile('Tokens', compact(tokens), detail)}
${denied === undefined ? undefined : tile('Refused', count(denied), 'not sent, not billed')}
</dl>`;
}

function meters(budgets: readonly ReportedLimit[]): Html {
  return html`<div class="meters">${budgets.map((part, index) => meter(part, budgets[index - 1]?.name === part.name))}</div>`;
}

function meter({ name, limit, value, settled, reserved, left }: ReportedLimit, again: boolean): Html {
  const share = (part: number): number => (value === 0 ? 100 : Math.min(100, (100 * part) / value));
  const used = share(settled);
  const state = used >= 95 ? 'full' : used >= 80 ? 'near' : 'well';
  const held = reserved > 0 ? `, ${formatLimitAmount(limit, reserved, value)} held` : '';
  return html`<div class="meter">
<div class="line"><strong class="${again ? 'again' : ''}">${name}</strong><span>${formatLimitAmount(limit, settled, value)} of ${formatLimit(limit, value)}</span></div>
<div class="track"><i class="${state}" style="width:${used.toFixed(2)}%"></i><i class="held" style="width:${Math.min(100 - used, share(reserved)).toFixed(2)}%"></i></div>
<div class="line small"><span>${Math.floor(used)} %</span><span>${formatLimitAmount(limit, left, value)} left${held}</span></div>
</div>`;
}

function spendingSection(spending: SpendingSeries): Html {
  const { by, series, starts, intervalMs } = spending;
  if (starts.length === 0)
    return html`<section><h2>Spend over time</h2><p class="note">Nothing was spent.</p></section>`;
  const busy = starts.flatMap((start, at) => {
    const costs = series.map(({ costUsd }) => costUsd[at] ?? 0);
    return costs.some((cost) => cost > 0) ? [{ start, costs }] : [];
  });
  return html`<section><h2>Spend over time</h2>
<p class="sub">USD per ${span(intervalMs)}, by ${by}</p>
${legend(series.map(({ name }) => name))}
<div class="plot" id="spending" role="img" aria-label="Spend over time, by ${by}; the numbers are in the table below"></div>
<details><summary>Numbers</summary><div class="scroll"><table>
<thead><tr><th>From</th>${series.map(({ name }) => html`<th class="num">${name}</th>`)}</tr></thead>
<tbody>${busy.map(({ start, costs }) => html`<tr><td>${moment(start)}</td>${costs.map((cost) => html`<td class="num">${cost === 0 ? '' : formatCost(cost)}</td>`)}</tr>`)}</tbody>
</table></div></details></section>`;
}

function leftSection(lines: readonly ReportedLimit[]): Html {
  const names = lines.map(({ name, limit, value }) => `${name}, ${formatLimit(limit, value)}`);
  return html`<section class="plotted"><h2>Budget left</h2>
<p class="sub">not yet spent, % of the limit</p>
${legend(names)}
<div class="plot" id="left" role="img" aria-label="What was left of each budget over time; how much there is now stands above"></div></section>`;
}

function shareLeft({ name, limit, value, history }: ReportedLimit): {
  name: string;
  points: (readonly [number, number])[];
} {
  const points = history.map(([at, left]) => [at, (100 * left) / value] as const);
  return { name: `${name}, ${formatLimit(limit, value)}`, points };
}

function legend(names: readonly string[]): Html {
  return html`<ul class="legend">${names.map((name, index) => html`<li class="s${index}">${name}</li>`)}</ul>`;
}

function groupSection({ by, rows }: CallGroup): Html {
  const most = rows.reduce((max, { costUsd }) => Math.max(max, costUsd), 0);
  const rest = rows.length - ROWS;
  return html`<section><h2>By ${by}</h2><table class="bars">
<thead><tr><th>${by}</th><th class="num">USD</th><th class="num">calls</th><th class="num wide">tokens</th></tr></thead>
<tbody>${rows.slice(0, ROWS).map(
    ({ name, costUsd, calls, tokens }) => html`<tr>
<td><div class="name">${name}</div><div class="track thin"><i style="width:${most === 0 ? 0 : ((100 * costUsd) / most).toFixed(2)}%"></i></div></td>
<td class="num">${formatCost(costUsd, most)}</td><td class="num">${count(calls)}</td><td class="num wide">${compact(tokens)}</td></tr>`,
  )}</tbody></table>${rest > 0 ? html`<p class="note">and ${rest} more</p>` : undefined}</section>`;
}

type When = (at: number) => string;

function callSection(title: string, calls: readonly ReportedCall[], when: When): Html | undefined {
  if (calls.length === 0) return undefined;
  const most = calls.reduce((max, { costUsd }) => Math.max(max, costUsd), 0);
  return html`<section><h2>${title}</h2><div class="scroll"><table>
<thead><tr><th class="wide">at</th><th>model</th><th>step</th><th class="wide">budget</th><th class="num wide">input</th><th class="num wide">cached</th><th class="num wide">output</th><th class="num">took</th><th class="num">USD</th></tr></thead>
<tbody>${calls.map((call) => callRow(call, most, when))}</tbody></table></div></section>`;
}

function callRow(call: ReportedCall, most: number, when: When): Html {
  const { at, model, step, budget, decision, input, cached, output, durationMs, costUsd, traceId } = call;
  const tag = decision === 'clamp' ? html` <span class="tag wide">clamped</span>` : undefined;
  return html`<tr title="trace ${traceId}"><td class="time wide">${when(at)}</td><td>${model}${tag}</td><td>${step}</td><td class="wide">${budget}</td>
<td class="num wide">${count(input)}</td><td class="num wide">${count(cached)}</td><td class="num wide">${count(output)}</td><td class="num">${took(durationMs)}</td><td class="num">${formatCost(costUsd, most)}</td></tr>`;
}

function eventSection(events: ReportData['events'], when: When): Html | undefined {
  if (events.length === 0) return undefined;
  const row = ({ at, name, budget, text }: ReportData['events'][number]): Html =>
    html`<tr><td class="time">${when(at)}</td><td><span class="tag ${name}">${name.replaceAll('_', ' ')}</span></td><td class="wide">${budget}</td><td><b class="narrow">${budget}: </b>${text}</td></tr>`;
  return html`<section><h2>Events</h2><table>
<thead><tr><th>at</th><th>event</th><th class="wide">budget</th><th>what happened</th></tr></thead>
<tbody>${events.map(row)}</tbody>
</table></section>`;
}

const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

function compact(value: number): string {
  return value < 10_000 ? count(value) : COMPACT.format(value);
}

function took(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** The length of an interval: `10 s`, `minute`, `7 days`. */
function span(ms: number): string {
  for (const [unit, length] of [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const) {
    if (ms >= length) return ms === length ? unit : `${Math.round(ms / length)} ${unit}s`;
  }
  return ms === 1_000 ? 'second' : `${ms / 1_000} s`;
}

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

function moment(at: number): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

function dayAndClock(at: number): string {
  const day = new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  return `${day} ${clock(at)}`;
}

function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
