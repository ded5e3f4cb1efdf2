import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** Data sources, by the uids of pipeline/grafana/provisioning/datasources. */
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: 'prometheus' };
export const JAEGER: DataSourceRef = { type: 'jaeger', uid: 'jaeger' };
export const VICTORIA_LOGS: DataSourceRef = { type: 'victoriametrics-logs-datasource', uid: 'victorialogs' };

/** A query over time; `{{label}}` in the legend. */
export function range(refId: string, expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).datasource(PROMETHEUS).expr(expr).range().legendFormat(legend);
}

/** A query of now, as rows of a table. */
export function rows(refId: string, expr: string): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(refId)
    .datasource(PROMETHEUS)
    .expr(expr)
    .instant()
    .format(PromQueryFormat.Table);
}

/** A query of now, as a number for each service. */
export function instant(refId: string, expr: string): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(refId)
    .datasource(PROMETHEUS)
    .expr(expr)
    .instant()
    .legendFormat('{{job}}');
}

/** A query of log records, in LogsQL. The SDK has no builder for this plugin. */
export function logs(expr: string): Builder<Dataquery> {
  const query = { refId: 'A', datasource: VICTORIA_LOGS, expr, queryType: 'instant', editorMode: 'code' };
  return { build: () => query as unknown as Dataquery };
}

/** Variables that Grafana fills in when a link is followed: a label of the series, a cell of the row. */
export const label = (name: string): string => `\${__field.labels.${name}}`;
export const cell = (name: string): string => `\${__data.fields["${name}"]}`;

/**
 * A link to the traces that a point is made of: a search in Jaeger for the time shown.
 * @param service what Grafana puts in for the service's name
 * @param tags attributes of the spans, by name, and what Grafana puts in for their values
 */
export function traceLink(
  service: string,
  tags: Readonly<Record<string, string>> = {},
): Builder<DashboardLink> {
  const search = {
    refId: 'A',
    datasource: JAEGER,
    queryType: 'search',
    service,
    limit: 50,
    tags: Object.entries(tags)
      .map(([name, value]) => `${name}="${value}"`)
      .join(' '),
  };
  const times = { from: '$__from', to: '$__to' };
  const panes = { traces: { datasource: JAEGER.uid, queries: [search], range: times } };
  // What Grafana fills in has to stay readable for it.
  const encoded = encodeURIComponent(JSON.stringify(panes))
    .replaceAll('%24__', '$__')
    .replace(
      /%24%7B(.*?)%7D/g,
      (_, name: string) => `\${${decodeURIComponent(name).replaceAll('\\"', '"')}}`,
    );
  return new DashboardLinkBuilder('Traces in Jaeger')
    .type(DashboardLinkType.Link)
    .url(`/explore?schemaVersion=1&orgId=1&panes=${encoded}`)
    .targetBlank(true);
}
