import type { ReportData, ReportedCall } from './report-data.ts';

/** Converts a report for JSON output: times become ISO 8601, or null in a report without any. */
export function reportJson(data: ReportData): object {
  const { from, to, spending, budgets, calls, events } = data;
  return {
    ...data,
    from: isoTime(from),
    to: isoTime(to),
    spending: { ...spending, starts: spending.starts.map(isoTime) },
    budgets: budgets.map((budget) => ({
      ...budget,
      history: budget.history.map(([at, left]) => ({ at: isoTime(at), left })),
    })),
    ...(calls === undefined
      ? {}
      : {
          calls: {
            mostExpensive: calls.mostExpensive.map(callJson),
            slowest: calls.slowest.map(callJson),
          },
        }),
    events: events.map((event) => ({ ...event, at: isoTime(event.at) })),
  };
}

function callJson(call: ReportedCall): object {
  return { ...call, at: isoTime(call.at) };
}

function isoTime(at: number): string | null {
  return Number.isFinite(at) ? new Date(at).toISOString() : null;
}
