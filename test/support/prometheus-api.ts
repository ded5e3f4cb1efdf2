import { isObject, objectsOf } from './json.ts';

/** A series of an answer: its labels, and its values that are numbers. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** Evaluates an expression now. */
export function query(prometheus: string, expr: string): Promise<Series[]> {
  return ask(`${prometheus}/api/v1/query?${new URLSearchParams({ query: expr })}`);
}

/** Evaluates an expression over the last ten minutes. */
export function queryRange(prometheus: string, expr: string): Promise<Series[]> {
  const end = Date.now() / 1_000;
  const times = { start: String(end - 600), end: String(end), step: '5' };
  return ask(`${prometheus}/api/v1/query_range?${new URLSearchParams({ query: expr, ...times })}`);
}

/** The traces that exemplars of an expression lead to, by their ids. */
export async function exemplarTraces(prometheus: string, expr: string): Promise<string[]> {
  const end = Date.now() / 1_000;
  const times = { start: String(end - 600), end: String(end) };
  const data = await get(
    `${prometheus}/api/v1/query_exemplars?${new URLSearchParams({ query: expr, ...times })}`,
  );
  return objectsOf(data)
    .flatMap((series) => objectsOf(series['exemplars']))
    .map(({ labels }) => (isObject(labels) ? String(labels['trace_id']) : ''));
}

/** The values of a label, of series that match. */
export async function labelValues(prometheus: string, label: string, match: string): Promise<unknown> {
  return get(`${prometheus}/api/v1/label/${label}/values?${new URLSearchParams({ 'match[]': match })}`);
}

/** The labels of series that match. */
export async function labelNames(prometheus: string, match: string): Promise<unknown> {
  return get(`${prometheus}/api/v1/labels?${new URLSearchParams({ 'match[]': match })}`);
}

async function ask(url: string): Promise<Series[]> {
  const data = await get(url);
  return objectsOf(isObject(data) ? data['result'] : undefined).map((series) => {
    const points = Array.isArray(series['values']) ? series['values'] : [series['value']];
    return {
      labels: series['metric'] as Record<string, string>,
      values: points
        .map((point: unknown) => Number((point as [number, string])[1]))
        .filter((value) => !Number.isNaN(value)),
    };
  });
}

async function get(url: string): Promise<unknown> {
  const response = await fetch(url);
  const body = (await response.json()) as { status: string; data: unknown; error?: string };
  if (body.status !== 'success') throw new Error(`${decodeURIComponent(url)}: ${body.error}`);
  return body.data;
}
