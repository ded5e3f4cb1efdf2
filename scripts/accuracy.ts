/**
 * Writes docs/accuracy.md: how close the counts are to what OpenAI billed for recorded exchanges.
 *
 *     node scripts/accuracy.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { boundInput, countInput, countOutput } from '../src/tokens/index.ts';
import {
  billedRecordings,
  categoryOf,
  hasRecordings,
  NO_RECORDINGS,
  type Recording,
} from '../test/tokens/recordings.ts';

const DOCUMENT = fileURLToPath(new URL('../docs/accuracy.md', import.meta.url));

/** What is compared for one recording: the estimate, what admission reserves, and the bill, in tokens. */
interface Comparison {
  readonly estimate: number;
  readonly upper: number;
  readonly billed: number;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join(
    '\n',
  );
}

function grouped(
  recordings: readonly Recording[],
  nameOf: (recording: Recording) => string,
  compare: (recording: Recording) => Comparison,
): readonly (readonly [string, readonly Comparison[]])[] {
  const groups = Map.groupBy(recordings, nameOf);
  return [...groups]
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([name, members]) => [name, members.map(compare)]);
}

function row(
  name: string,
  comparisons: readonly Comparison[],
  withMargin: boolean,
): readonly (string | number)[] {
  const errors = comparisons.map(({ estimate, billed }) => estimate - billed);
  const sizes = errors.map(Math.abs);
  const margins = comparisons.map(({ upper, estimate }) => upper - estimate).sort((a, b) => a - b);
  return [
    name,
    comparisons.length,
    errors.filter((error) => error === 0).length,
    (sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toFixed(1),
    Math.min(0, ...errors),
    Math.max(0, ...errors),
    ...(withMargin
      ? [
          errors.filter((error) => error < 0).length,
          margins[margins.length >> 1] ?? 0,
          comparisons.filter(({ upper, billed }) => upper < billed).length,
        ]
      : []),
  ];
}

/** The document, from the recordings on this machine. */
export function accuracy(): string {
  const recordings = billedRecordings();
  const whole = recordings.filter(({ kind, request }) => countInput(kind, request).complete);
  const inputs = grouped(whole, categoryOf, ({ kind, request, input }) => {
    const { tokens, upper } = countInput(kind, request);
    return { estimate: tokens, upper, billed: input };
  });
  const bounds = whole
    .map(({ kind, request, input }) => boundInput(kind, request).upper / input)
    .sort((a, b) => a - b);
  const answers = recordings.filter(
    ({ kind, answer, reasoning }) =>
      kind !== 'embeddings' && answer.parts.length > 0 && !answer.other && reasoning === 0,
  );
  const outputs = grouped(answers, outputName, ({ kind, model, answer, output }) => {
    const estimate = countOutput(answer.parts, model, { kind, calls: answer.calls, text: answer.text });
    return { estimate, upper: estimate, billed: output };
  });
  const all = inputs.flatMap(([, comparisons]) => comparisons);
  return `# How close the counts are

Made by \`node scripts/accuracy.ts\`; a test fails when it is out of date. All numbers are tokens.

The counts are compared with what OpenAI billed for ${recordings.length} real exchanges, recorded by the public test suites of
pydantic-ai, openllmetry and opentelemetry-js-contrib. The recordings are not part of this repository. Left out are error
answers, and answers that somebody wrote by hand (their ids, usage or model names are of a form that the service never gives).

## Input

${whole.length} of the requests hold their whole input. The other ${recordings.length - whole.length} refer to earlier responses, stored files or images behind a URL, or have
built-in tools that add input on the server: \`countInput\` says so (\`complete: false\`) and the budget takes another bound.

*Error* is the estimate minus the bill. *Needed margin* counts requests whose bill is above the estimate, *margin* is the median of
what admission adds, and *over* counts bills above estimate and margin: there must be none.

${table(
  ['requests', 'count', 'exact', 'mean error', 'lowest', 'highest', 'needed margin', 'margin', 'over'],
  [...inputs.map(([name, comparisons]) => row(name, comparisons, true)), row('**all**', all, true)],
)}

What is not exact, and why:

- **Tools and structured output.** How the service renders a schema is not published for its own models. The text used here is that
  of the open harmony format; it fits simple functions within 2 tokens and nested schemas within 20. Three requests of
  March 2025, when the Responses API was new, were billed some 220 tokens more for their tools: the margin covers that.
- **Reasoning of earlier turns** is encrypted. Its length bounds it.
- **Audio and files.** A file's text and pages are unknown before it is read; a token a byte bounds it, which is far too much for
  most. Budgets that matter should send text.
- **Images** fit the published formulas within 2 tokens where the size is in the request.
- **Plain text** is exact but for o1-mini (8 more), a deployment whose name does not tell its model, and two texts that the recording
  itself had changed (dashes and quotes made ASCII).

The bound that is used while a budget is far from its limit (\`boundInput\`: bytes in place of tokens, nothing is tokenized) was never
under the bill, and was ${(bounds[bounds.length >> 1] ?? 0).toFixed(1)} times the bill in the median.

## Output

What \`countOutput\` makes of the texts and tool calls of an answer, as for a stream that was cut before its usage came; answers
with reasoning are left out, since its text is not sent.

${table(
  ['answers', 'count', 'exact', 'mean error', 'lowest', 'highest'],
  outputs.map(([name, comparisons]) => row(name, comparisons, false)),
)}

Some bills have tokens that no one saw: the Responses API bills some reasoning models' tool calls for up to 60 tokens more
than their name and arguments.
`;
}

function outputName({ kind, streamed, answer }: Recording): string {
  const api = kind === 'chat' ? 'Chat' : kind === 'responses' ? 'Responses' : kind;
  const what = answer.calls === 0 ? 'text' : answer.calls === 1 ? 'one call' : 'parallel calls';
  return `${api}: ${what}${streamed ? ', streamed' : ''}`;
}

/** Whether the document says what the recordings on this machine say. */
export function isUpToDate(): boolean {
  return readFileSync(DOCUMENT, 'utf8') === accuracy();
}

if (import.meta.main) {
  if (!hasRecordings) throw new Error(NO_RECORDINGS);
  writeFileSync(DOCUMENT, accuracy());
}
