import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  GraphDrawStyle,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TableCellDisplayMode,
  TooltipDisplayMode,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DashboardLink,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Logs } from '@grafana/grafana-foundation-sdk/logs';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { PROMETHEUS, VICTORIA_LOGS } from './sources.ts';

/** Options common to every panel. */
export interface PanelOptions {
  readonly title: string;
  readonly description: string;
  /** Of 24 columns. */
  readonly width: number;
  /** A unit of Grafana's. */
  readonly unit: string;
  readonly link: Builder<DashboardLink>;
  /** Values from which a colour holds; green below. */
  readonly thresholds?: Readonly<Record<number, 'yellow' | 'orange' | 'red' | 'green'>>;
  /** The colour below the thresholds. */
  readonly base?: 'green' | 'red' | 'text';
  readonly decimals?: number;
}

const HEIGHT = 8;

/** Lines over time; with thresholds, lines at these. */
export function lines(options: PanelOptions, queries: readonly Builder<Dataquery>[]): TimeSeries {
  const panel = new TimeSeries()
    .lineWidth(2)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(600_000)
    .min(0)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull']),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (options.thresholds !== undefined) {
    const style = new common.GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);
    panel.thresholdsStyle(style);
  }
  return dress(panel, options, queries).height(HEIGHT);
}

/** Amounts over time, one on top of the other. */
export function stacked(options: PanelOptions, queries: readonly Builder<Dataquery>[]): TimeSeries {
  return lines(options, queries)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(60)
    .lineWidth(0)
    .stacking(new common.StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** One number. */
export function number(options: PanelOptions, query: Builder<Dataquery>): Stat {
  return dress(new Stat(), options, [query])
    .height(HEIGHT / 2)
    .noValue('none');
}

/** A column of a table, made from a query; in the unit of the table where it has none. */
export interface Column {
  readonly refId: string;
  readonly title: string;
  readonly unit?: string;
  /** Coloured by the thresholds of the table. */
  readonly coloured?: boolean;
}

/** A row for each set of labels, a column for each query. */
export function table(
  options: PanelOptions,
  queries: readonly Builder<Dataquery>[],
  labels: Readonly<Record<string, string>>,
  columns: readonly Column[],
): Table {
  const renamed = {
    ...labels,
    ...Object.fromEntries(columns.map(({ refId, title }) => [`Value #${refId}`, title])),
  };
  const panel = dress(new Table(), options, queries)
    .height(HEIGHT)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        renameByName: renamed,
        indexByName: Object.fromEntries(Object.keys(renamed).map((name, index) => [name, index])),
      },
    });
  for (const { title, unit, coloured } of columns) {
    panel.overrideByName(title, [
      ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
      ...(coloured === true
        ? [{ id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } }]
        : []),
    ]);
  }
  return panel;
}

/** Log records as they came, newest first. */
export function records(options: Omit<PanelOptions, 'unit'>, query: Builder<Dataquery>): Logs {
  return dress(new Logs(), { ...options, unit: 'none' }, [query])
    .datasource(VICTORIA_LOGS)
    .height(HEIGHT)
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true);
}

interface Dressable<T> {
  title(title: string): T;
  description(description: string): T;
  span(width: number): T;
  unit(unit: string): T;
  decimals(decimals: number): T;
  datasource(ref: common.DataSourceRef): T;
  targets(targets: Builder<Dataquery>[]): T;
  dataLinks(links: Builder<DashboardLink>[]): T;
  thresholds(thresholds: ThresholdsConfigBuilder): T;
}

function dress<T extends Dressable<T>>(
  panel: T,
  { title, description, width, unit, link, thresholds = {}, base = 'green', decimals }: PanelOptions,
  queries: readonly Builder<Dataquery>[],
): T {
  const steps: Threshold[] = [
    { value: null, color: base },
    ...Object.entries(thresholds).map(([value, color]) => ({ value: Number(value), color })),
  ];
  if (decimals !== undefined) panel.decimals(decimals);
  return panel
    .title(title)
    .description(description)
    .span(width)
    .unit(unit)
    .datasource(PROMETHEUS)
    .targets([...queries])
    .dataLinks([link])
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
}
