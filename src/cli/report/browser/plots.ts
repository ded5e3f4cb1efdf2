import type uPlotType from 'uplot';

declare const uPlot: typeof uPlotType;

interface PageData {
  readonly timeZone: string;
  readonly spending: {
    readonly intervalMs: number;
    readonly starts: readonly number[];
    readonly series: readonly { readonly name: string; readonly costUsd: readonly number[] }[];
  };
  readonly left: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData;
const FONT = '12px system-ui, sans-serif';

/**
 * Labels of the time axis, 24 hours: the step of the ticks, each tick, and what a new year, month, day, hour,
 * minute, second adds.
 */
const TIMES: uPlotType.Axis.Values = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{D} {MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [3_600, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
  [1, ':{ss}', '\n{D} {MMM} {HH}:{mm}', null, '\n{D} {MMM} {HH}:{mm}', null, '\n{HH}:{mm}', null, 1],
  [
    0.001,
    ':{ss}.{fff}',
    '\n{D} {MMM} {HH}:{mm}',
    null,
    '\n{D} {MMM} {HH}:{mm}',
    null,
    '\n{HH}:{mm}',
    null,
    1,
  ],
];

/** Steps of the time axis, seconds. */
const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800,
  604_800, 2_592_000, 7_776_000, 31_536_000,
];

const timeOf = uPlot.fmtDate('{D} {MMM} {HH}:{mm}:{ss}');
const zoned = (seconds: number): Date => uPlot.tzDate(new Date(seconds * 1_000), data.timeZone);

function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Formats a tick or a hint in USD. */
function formatUsd(value: number): string {
  const digits = value === 0 ? 0 : Math.min(8, Math.max(2, 3 - Math.floor(Math.log10(Math.abs(value)))));
  return `$${value.toLocaleString('en', { maximumFractionDigits: digits })}`;
}

interface Plot {
  readonly at: HTMLElement;
  readonly data: uPlotType.AlignedData;
  readonly series: uPlotType.Series[];
  readonly y: (value: number) => string;
  readonly range: uPlotType.Scale.Range;
  /** Lines of the hint at a point, by its index. */
  readonly hint: (index: number) => string[];
  readonly x?: uPlotType.Scale.Range;
  /** The least distance of time ticks, seconds. */
  readonly least?: number;
}

function drawPlot({ at, data: values, series, y, range, hint, x, least = 1 }: Plot): uPlotType {
  const axis = (side: Partial<uPlotType.Axis>): uPlotType.Axis => ({
    stroke: cssColor('soft'),
    font: FONT,
    grid: { stroke: cssColor('line'), width: 1 },
    ticks: { stroke: cssColor('line'), width: 1, size: 5 },
    ...side,
  });
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  const point = (plot: uPlotType): void => {
    const { idx, left = -1 } = plot.cursor;
    tip.hidden = idx === null || idx === undefined || left < 0;
    if (tip.hidden || idx === null || idx === undefined) return;
    const head = document.createElement('b');
    head.textContent = timeOf(zoned(values[0]?.[idx] ?? 0));
    tip.replaceChildren(head);
    for (const line of hint(idx)) {
      const row = document.createElement('div');
      row.textContent = line;
      tip.append(row);
    }
    const right = left > plot.over.clientWidth / 2;
    tip.style.left = right ? '' : `${left + 14}px`;
    tip.style.right = right ? `${plot.over.clientWidth - left + 14}px` : '';
    tip.style.top = '8px';
  };
  const plot = new uPlot(
    {
      width: at.clientWidth,
      height: at.clientWidth < 500 ? 200 : 240,
      tzDate: zoned,
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
      padding: [10, 8, 0, 0],
      scales: { x: x === undefined ? {} : { range: x }, y: { range } },
      axes: [
        axis({
          values: TIMES,
          grid: { show: false },
          space: 60,
          incrs: STEPS.filter((step) => step >= least),
        }),
        axis({ values: (_, ticks) => ticks.map(y), size: widthOfTicks, space: 40 }),
      ],
      series: [{}, ...series],
      hooks: { setCursor: [point], ready: [(made) => made.over.append(tip)] },
    },
    values,
    at,
  );
  return plot;
}

/** Returns the room that the widest label needs, pixels. */
function widthOfTicks(plot: uPlotType, values: string[] | null): number {
  const longest = (values ?? []).reduce((a, b) => (b.length > a.length ? b : a), '');
  plot.ctx.save();
  plot.ctx.font = FONT;
  const { width } = plot.ctx.measureText(longest);
  plot.ctx.restore();
  return Math.ceil(width) + 14;
}

/** Stacked bars: each series is drawn as high as itself and all below it, the highest first. */
function spendingPlot(at: HTMLElement): Plot {
  const { starts, series, intervalMs } = data.spending;
  const middle = intervalMs / 2_000;
  const times = starts.map((start) => start / 1_000 + middle);
  const stacked: number[][] = [];
  for (const [index, { costUsd }] of series.entries()) {
    stacked.push(costUsd.map((cost, bar) => cost + (stacked[index - 1]?.[bar] ?? 0)));
  }
  const bars = uPlot.paths.bars?.({ size: [0.82, 48], radius: 0.12 });
  const drawn = stacked.map((_, index) => series.length - 1 - index);
  return {
    at,
    data: [times, ...drawn.map((index) => stacked[index] ?? [])],
    series: drawn.map((index) => ({
      fill: cssColor(`s${index}`),
      stroke: cssColor(`s${index}`),
      width: 0,
      points: { show: false },
      ...(bars === undefined ? {} : { paths: bars }),
    })),
    y: formatUsd,
    range: (_, __, most) => [0, (most || 1) * 1.08],
    x: () => [(times[0] ?? 0) - middle * 1.2, (times.at(-1) ?? 0) + middle * 1.2],
    least: intervalMs / 1_000,
    hint: (bar) =>
      series.flatMap(({ name, costUsd }) =>
        (costUsd[bar] ?? 0) > 0 ? [`${name}: ${formatUsd(costUsd[bar] ?? 0)}`] : [],
      ),
  };
}

/** A line for each budget, which falls in steps. */
function leftPlot(at: HTMLElement): Plot {
  const tables = data.left.map(({ points }): uPlotType.AlignedData => {
    const byTime = new Map(points.map(([time, left]) => [time / 1_000, left]));
    return [[...byTime.keys()], [...byTime.values()]];
  });
  const joined = uPlot.join(tables);
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  // A value is valid until the next one.
  const known = joined.slice(1).map((column) => {
    let last: number | null = null;
    return Array.from(column, (value) => {
      last = value ?? last;
      return last;
    });
  });
  return {
    at,
    data: joined,
    series: data.left.map((_, index) => ({
      stroke: cssColor(`s${index}`),
      width: 2,
      spanGaps: true,
      points: { show: false },
      ...(data.left.length === 1
        ? { fill: `color-mix(in srgb, ${cssColor(`s${index}`)} 14%, transparent)` }
        : {}),
      ...(stepped === undefined ? {} : { paths: stepped }),
    })),
    y: (value) => `${value} %`,
    range: [0, 104],
    hint: (at) =>
      data.left.flatMap(({ name }, index) => {
        const left = known[index]?.[at];
        return left === null || left === undefined ? [] : [`${name}: ${left.toFixed(1)} % left`];
      }),
  };
}

const PLOTS = { spending: spendingPlot, left: leftPlot } as const;

function drawAll(): void {
  for (const [id, plotOf] of Object.entries(PLOTS)) {
    const at = document.getElementById(id);
    if (at === null) continue;
    at.replaceChildren();
    drawPlot(plotOf(at));
  }
}

drawAll();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
let width = document.body.clientWidth;
addEventListener('resize', () => {
  if (document.body.clientWidth === width) return;
  width = document.body.clientWidth;
  drawAll();
});
