import { readFileSync } from 'node:fs';
import { loadConfig } from '../config/index.ts';
import { nanoToUsd, PriceBook, priceUsage, type RateCard } from '../pricing/index.ts';
import {
  countInput,
  countText,
  encodingForModel,
  type InputCount,
  type RequestKind,
} from '../tokens/index.ts';
import { tokenUsage } from '../usage/index.ts';
import { UsageError } from './exit.ts';
import { environmentOf } from './store-option.ts';
import { count, formatCost } from './style.ts';

export interface CountFileOptions {
  readonly model?: string;
  /** Output tokens to price as well. */
  readonly output?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** What a file was taken for, and what it counts. */
interface Counted {
  readonly model: string;
  readonly kind: RequestKind | 'text';
  /** Each request's input; of a text one. */
  readonly inputs: readonly InputCount[];
  /** Whether the file is one of the Batch API, which is cheaper. */
  readonly batch: boolean;
}

const ENDPOINTS: Readonly<Record<string, RequestKind>> = {
  '/v1/chat/completions': 'chat',
  '/v1/responses': 'responses',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
};

/**
 * Prints how many input tokens a file has for a model, and what they cost. Taken is a request body (JSON), a batch file (JSON lines), or
 * any text.
 * @param file a path, or `-` for stdin
 * @throws UsageError where it cannot be read, or no model is named
 */
export function countFile(file: string, options: CountFileOptions): void {
  const counted = countedOf(read(file), options.model);
  const outputTokens = outputOf(options.output);
  const { prices, unknownModel } = loadConfig(environmentOf(options));
  const card = new PriceBook({ prices, unknownModel }).lookup({ model: counted.model });
  const answer = answerOf(file, counted, outputTokens, card);
  process.stdout.write(options.json === true ? `${JSON.stringify(answer, null, 2)}\n` : asText(answer));
}

function answerOf(
  file: string,
  { model, kind, inputs, batch }: Counted,
  outputTokens: number,
  card: RateCard,
) {
  const sum = (of: (input: InputCount) => number): number =>
    inputs.reduce((total, one) => total + of(one), 0);
  const serviceTier = batch ? 'batch' : undefined;
  const costOfOne = ({ tokens }: InputCount): number =>
    priceUsage(card, tokenUsage({ input: tokens, output: outputTokens }), { serviceTier });
  return {
    file,
    model,
    kind,
    batch,
    requests: inputs.length,
    inputTokens: sum(({ tokens }) => tokens),
    /** No bill of the input is above this, where it is complete. */
    upper: sum(({ upper }) => upper),
    complete: inputs.every(({ complete }) => complete),
    outputTokens: outputTokens * inputs.length,
    costUsd: nanoToUsd(sum(costOfOne)),
    priceSource: card.source,
  };
}

function asText(answer: ReturnType<typeof answerOf>): string {
  const { model, kind, requests, batch, inputTokens, upper, complete, outputTokens, costUsd, priceSource } =
    answer;
  const many = requests === 1 ? `one request (${kind})` : `${count(requests)} requests (${kind})`;
  const lines = [
    `${count(inputTokens)} input tokens for ${model}, as ${kind === 'text' ? 'text' : many}`,
    ...(upper > inputTokens ? [`  at most ${count(upper)}`] : []),
    ...(complete
      ? []
      : ['  and what is not in the file: images by URL, stored conversations, built-in tools']),
    ...(outputTokens > 0 ? [`  with ${count(outputTokens)} output tokens`] : []),
    `  ${formatCost(costUsd)} (price: ${priceSource}${batch ? ', as a batch' : ''})`,
  ];
  return `${lines.join('\n')}\n`;
}

function countedOf(text: string, model: string | undefined): Counted {
  const bodies = requestsOf(text);
  const named = model ?? bodies?.map(({ body }) => body['model']).find((one) => typeof one === 'string');
  if (named === undefined) {
    throw new UsageError('no model is named; taken is --model NAME, or a request with a model in it.');
  }
  if (bodies === undefined) {
    const tokens = countText(text, encodingForModel(named));
    return { model: named, kind: 'text', inputs: [{ tokens, upper: tokens, complete: true }], batch: false };
  }
  const inputs = bodies.map(({ kind, body }) => countInput(kind, { ...body, model: named }));
  return { model: named, kind: bodies[0]?.kind ?? 'chat', inputs, batch: bodies.every(({ batch }) => batch) };
}

interface Request {
  readonly kind: RequestKind;
  readonly body: Readonly<Record<string, unknown>>;
  readonly batch: boolean;
}

/** The requests of a file: one body, or the lines of a batch; undefined where it is neither. */
function requestsOf(text: string): Request[] | undefined {
  const one = requestOf(objectOf(text));
  if (one !== undefined) return [one];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const requests = lines.flatMap((line) => requestOf(objectOf(line)) ?? []);
  return lines.length > 0 && requests.length === lines.length ? requests : undefined;
}

function requestOf(value: Readonly<Record<string, unknown>> | undefined): Request | undefined {
  if (value === undefined) return undefined;
  const { url, body } = value;
  if (typeof url === 'string' && isObject(body)) {
    const kind = ENDPOINTS[url] ?? kindOf(body);
    return kind === undefined ? undefined : { kind, body, batch: true };
  }
  const kind = kindOf(value);
  return kind === undefined ? undefined : { kind, body: value, batch: false };
}

function kindOf(body: Readonly<Record<string, unknown>>): RequestKind | undefined {
  if (Array.isArray(body['messages'])) return 'chat';
  if ('prompt' in body) return 'completions';
  if (!('input' in body)) return undefined;
  return String(body['model']).includes('embedding') ? 'embeddings' : 'responses';
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function read(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`"${file}" cannot be read (${why}); taken is the path of a file, or - for stdin.`);
  }
}

function outputOf(text = '0'): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new UsageError(`--output: given "${text}"; taken is a whole number of tokens from 0.`);
}
