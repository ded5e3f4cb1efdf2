import type { ReceivedSpan } from '../local-otlp.ts';
import { dim, table, usd } from './style.ts';

/** One call of the agent to OpenAI, as its span tells it. */
export interface Call {
  readonly operation: string;
  /** `chat_completions` or `responses`, and whether it was streamed. */
  readonly api: string;
  readonly model: string;
  readonly decision: string;
  /** The output cap that the budget set, where it is not the agent's. */
  readonly capSent: number | undefined;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly costNano: number;
  readonly leftUsd: number | undefined;
  readonly errorMessage: string | undefined;
}

/** The calls among the spans: those that a budget decided on. */
export function callsOf(spans: readonly ReceivedSpan[]): Call[] {
  return spans
    .filter(({ attributes }) => attributes['token_budget.decision'] !== undefined)
    .map(({ attributes, errorMessage }) => {
      const number = (name: string) => {
        const value = attributes[name];
        return typeof value === 'number' ? value : undefined;
      };
      return {
        operation: String(attributes['gen_ai.operation.name']),
        api: `${attributes['openai.api.type'] ?? ''}${attributes['gen_ai.request.stream'] === true ? ', stream' : ''}`,
        model: String(attributes['gen_ai.request.model']),
        decision: String(attributes['token_budget.decision'] ?? ''),
        capSent: number('token_budget.cap.sent'),
        input: number('gen_ai.usage.input_tokens') ?? 0,
        cached: number('gen_ai.usage.cache_read.input_tokens') ?? 0,
        output: number('gen_ai.usage.output_tokens') ?? 0,
        costNano: number('token_budget.cost.nano_usd') ?? 0,
        leftUsd: number('token_budget.left.cost'),
        errorMessage,
      };
    });
}

/** Whether the budget refused the call. */
export function isDenied(call: Call): boolean {
  return call.decision === 'deny';
}

/** The calls that were made, one a row; `cap` is the output that the budget allowed. */
export function callTable(calls: readonly Call[]): string {
  const header = [
    '#',
    'operation',
    'api',
    'model',
    'input',
    'cached',
    'output',
    'cap',
    'cost USD',
    'left USD',
  ];
  const rows = calls.map((call, index) => [
    String(index + 1),
    call.operation,
    call.api,
    call.model,
    String(call.input),
    String(call.cached),
    String(call.output),
    String(call.capSent ?? ''),
    usd(call.costNano),
    call.leftUsd?.toFixed(6) ?? '',
  ]);
  return table(header, rows, [1, 2, 3]);
}

/** What calls used and cost together. */
export interface Totals {
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly costNano: number | undefined;
}

/** The ledger's sums beside the server's. */
export function totalsTable(
  rows: readonly (Totals & { readonly name: string; readonly calls: number })[],
): string {
  const header = ['', 'calls', 'input', 'cached', 'output', 'cost USD'];
  return table(
    header,
    rows.map(({ name, calls, input, cached, output, costNano }) => [
      name,
      String(calls),
      String(input),
      String(cached),
      String(output),
      costNano === undefined ? '?' : usd(costNano),
    ]),
    [0],
  );
}

/** The sums over calls. */
export function totalsOf(calls: readonly Call[]): Totals {
  const sum = (of: (call: Call) => number) => calls.reduce((total, call) => total + of(call), 0);
  return {
    input: sum(({ input }) => input),
    cached: sum(({ cached }) => cached),
    output: sum(({ output }) => output),
    costNano: sum(({ costNano }) => costNano),
  };
}

/** A heading over a part of the report. */
export function heading(text: string): string {
  return `\n${dim('──')} ${text}`;
}
