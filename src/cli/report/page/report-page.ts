import { readFileSync } from 'node:fs';
import { distFileUrl, formatCount, formatDuration, formatPercent } from '../../../util/index.ts';
import { formatCost, formatLimit, formatLimitAmount } from '../../style.ts';
import type {
  CallGroup,
  ReportData,
  ReportedCall,
  ReportedLimit,
  ReportTotals,
  SpendingSeries,
} from '../report-data.ts';
import { Html, html, jsonScript } from './html.ts';
import {
  formatCompact,
  formatDateTime,
  formatDayTime,
  formatInterval,
  formatTime,
  isSameDay,
  localTimeZone,
} from './page-format.ts';

/** The most rows of a group that the page shows. */
const MAX_ROWS = 12;

/** The most lines in the plot of what was left. */
const MAX_LINES = 6;

/** The fewest points that make a line worth plotting. */
const MIN_POINTS = 7;

/**
 * Renders a report as one page of HTML, which loads nothing and whose tables need no script.
 * @param generatedAt milliseconds since the epoch
 */
export function renderReportPage(data: ReportData, generatedAt: number): string {
  const { source, from, to, totals, spending, budgets, groups, calls, events } = data;
  const lines = budgets
    .filter(({ history, value }) => history.length >= MIN_POINTS && value > 0)
    .slice(0, MAX_LINES);
  const formatAt = isSameDay(from, to) ? formatTime : formatDayTime;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>Token budgets: ${source}</title>
<style>${readAsset('uPlot.min.css')}${readAsset('report.css')}</style>
<noscript><style>.plot, .legend, .plotted { display: none; }</style></noscript>
</head>
<body>
<header>
<h1>Token budgets</h1>
<p>${source}</p>
<p>${Number.isFinite(from) ? html`${formatDateTime(from)} to ${isSameDay(from, to) ? formatTime(to) : formatDateTime(to)} (${formatDuration(to - from)})` : 'nothing recorded'}</p>
</header>
<main>
${tiles(totals)}
${budgets.length === 0 ? undefined : html`<section><h2>Budgets</h2>${limitBars(budgets)}</section>`}
${spendingSection(spending)}
${lines.length === 0 ? undefined : leftSection(lines)}
<div class="groups">${groups.filter(({ rows }) => rows.length > 0).map(groupSection)}</div>
${calls === undefined ? undefined : [callSection('Most expensive calls', calls.mostExpensive, formatAt), callSection('Slowest calls', calls.slowest, formatAt)]}
${eventSection(events, formatAt)}
${calls === undefined ? html`<p class="note">A ledger has budgets and sums, not single calls. For models, steps and calls, report on OTLP JSON lines.</p>` : undefined}
</main>
<footer>otel-token-budget, ${formatDateTime(generatedAt)}. Times are in ${localTimeZone()}.</footer>
${jsonScript('data', { timeZone: localTimeZone(), spending, left: lines.map(toPlotLine) })}
<script>${readAsset('uPlot.iife.min.js')}</script>
<script type="module">${readAsset('plots.js')}</script>
<!-- uPlot: ${readAsset('uPlot.LICENSE.txt')} -->
</body>
</html>
`;
  return page.text;
}

/** Reads a file that the build copies next to this one. */
function readAsset(name: string): Html {
  return new Html(readFileSync(distFileUrl(`cli/report/assets/${name}`), 'utf8').trim());
}

function tiles({ costUsd, calls, tokens, input, cached, output, denied, failed }: ReportTotals): Html {
  const detail =
    input === undefined
      ? undefined
      : `${formatCompact(input)} in (${formatPercent(input === 0 ? 0 : (cached ?? 0) / input)} cached), ${formatCompact(output ?? 0)} out`;
  const tile = (label: string, value: string, more?: string): Html =>
    html`<div class="tile"><dt>${label}</dt><dd>${value}</dd>${more === undefined ? undefined : html`<dd class="more">${more}</dd>`}</div>`;
  return html`<dl class="tiles">
${tile('Spent', formatCost(costUsd), calls === 0 ? undefined : `${formatCost(costUsd / calls)} a call`)}
${tile('Calls', formatCount(calls), failed === undefined ? undefined : `${failed} failed`)}
${tile('Tokens', formatCompact(tokens), detail)}
${denied === undefined ? undefined : tile('Denied', formatCount(denied), 'not sent, not billed')}
</dl>`;
}

function limitBars(budgets: readonly ReportedLimit[]): Html {
  return html`<div class="meters">${budgets.map((part, index) => limitBar(part, budgets[index - 1]?.name === part.name))}</div>`;
}

function limitBar(
  { name, limit, value, settled, reserved, left }: ReportedLimit,
  repeatsName: boolean,
): Html {
  const share = (part: number): number => (value === 0 ? 100 : Math.min(100, (100 * part) / value));
  const used = share(settled);
  const state = used >= 95 ? 'full' : used >= 80 ? 'near' : 'well';
  const reservedText = reserved > 0 ? `, ${formatLimitAmount(limit, reserved)} reserved` : '';
  return html`<div class="meter">
<div class="line"><strong class="${repeatsName ? 'again' : ''}">${name}</strong><span>${formatLimitAmount(limit, settled)} of ${formatLimit(limit, value)}</span></div>
<div class="track"><i class="${state}" style="width:${used.toFixed(2)}%"></i><i class="held" style="width:${Math.min(100 - used, share(reserved)).toFixed(2)}%"></i></div>
<div class="line small"><span>${formatPercent(used / 100)}</span><span>${formatLimitAmount(limit, left)} left${reservedText}</span></div>
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
<p class="sub">USD per ${formatInterval(intervalMs)}, by ${by}</p>
${legend(series.map(({ name }) => name))}
<div class="plot" id="spending" role="img" aria-label="Spend over time, by ${by}; the numbers are in the table below"></div>
<details><summary>Numbers</summary><div class="scroll"><table>
<thead><tr><th>From</th>${series.map(({ name }) => html`<th class="num">${name}</th>`)}</tr></thead>
<tbody>${busy.map(({ start, costs }) => html`<tr><td>${formatDateTime(start)}</td>${costs.map((cost) => html`<td class="num">${cost === 0 ? '' : formatCost(cost)}</td>`)}</tr>`)}</tbody>
</table></div></details></section>`;
}

function leftSection(lines: readonly ReportedLimit[]): Html {
  const names = lines.map(({ name, limit, value }) => `${name}, ${formatLimit(limit, value)}`);
  return html`<section class="plotted"><h2>Budget left</h2>
<p class="sub">not yet spent, % of the limit</p>
${legend(names)}
<div class="plot" id="left" role="img" aria-label="What was left of each budget over time; what is left now is above"></div></section>`;
}

/** Converts what was left of a limit to percent of the limit. */
function toPlotLine({ name, limit, value, history }: ReportedLimit): {
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
  const rest = rows.length - MAX_ROWS;
  return html`<section><h2>By ${by}</h2><table class="bars">
<thead><tr><th>${by}</th><th class="num">cost</th><th class="num">calls</th><th class="num wide">tokens</th></tr></thead>
<tbody>${rows.slice(0, MAX_ROWS).map(
    ({ name, costUsd, calls, tokens }) => html`<tr>
<td><div class="name">${name}</div><div class="track thin"><i style="width:${most === 0 ? 0 : ((100 * costUsd) / most).toFixed(2)}%"></i></div></td>
<td class="num">${formatCost(costUsd)}</td><td class="num">${formatCount(calls)}</td><td class="num wide">${formatCompact(tokens)}</td></tr>`,
  )}</tbody></table>${rest > 0 ? html`<p class="note">and ${rest} more</p>` : undefined}</section>`;
}

type FormatAt = (at: number) => string;

function callSection(title: string, calls: readonly ReportedCall[], formatAt: FormatAt): Html | undefined {
  if (calls.length === 0) return undefined;
  return html`<section><h2>${title}</h2><div class="scroll"><table>
<thead><tr><th class="wide">time</th><th>model</th><th>step</th><th class="wide">budget</th><th class="num wide">input</th><th class="num wide">cached</th><th class="num wide">output</th><th class="num">duration</th><th class="num">cost</th></tr></thead>
<tbody>${calls.map((call) => callRow(call, formatAt))}</tbody></table></div></section>`;
}

function callRow(call: ReportedCall, formatAt: FormatAt): Html {
  const { at, model, step, budget, decision, input, cached, output, durationMs, costUsd, traceId } = call;
  const tag = decision === 'clamp' ? html` <span class="tag wide">clamped</span>` : undefined;
  return html`<tr title="trace ${traceId}"><td class="time wide">${formatAt(at)}</td><td>${model}${tag}</td><td>${step}</td><td class="wide">${budget}</td>
<td class="num wide">${formatCount(input)}</td><td class="num wide">${formatCount(cached)}</td><td class="num wide">${formatCount(output)}</td><td class="num">${formatDuration(durationMs)}</td><td class="num">${formatCost(costUsd)}</td></tr>`;
}

function eventSection(events: ReportData['events'], formatAt: FormatAt): Html | undefined {
  if (events.length === 0) return undefined;
  const row = ({ at, name, budget, text }: ReportData['events'][number]): Html =>
    html`<tr><td class="time">${formatAt(at)}</td><td><span class="tag ${name}">${name.replaceAll('_', ' ')}</span></td><td class="wide">${budget}</td><td><b class="narrow">${budget}: </b>${text}</td></tr>`;
  return html`<section><h2>Events</h2><table>
<thead><tr><th>time</th><th>event</th><th class="wide">budget</th><th>what happened</th></tr></thead>
<tbody>${events.map(row)}</tbody>
</table></section>`;
}
