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
import {
  errorMessage,
  formatCount,
  formatQuantity,
  formatValue,
  isRecord,
  parseJson,
} from '../util/index.ts';
import { UsageError } from './exit.ts';
import { printJson, printText } from './output.ts';
import { environmentOf } from './store-option.ts';
import { formatCost } from './style.ts';

/** The options of `count`, as given. */
export interface CountFileOptions {
  readonly model?: string;
  /** Output tokens to price for each request. */
  readonly output?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** What kind of file was read, and the counts of its requests. */
interface FileCount {
  readonly model: string;
  readonly kind: RequestKind | 'text';
  /** The input of each request; a text has one. */
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
 * Prints how many input tokens a file has for a model, and what they cost. The file holds a request body
 * (JSON), a batch (JSON lines), or any text.
 * @param file a path, or `-` for stdin
 * @throws UsageError if the file cannot be read, or no model is given
 */
export function countFile(file: string, options: CountFileOptions): void {
  const counted = countRequests(readText(file), options.model);
  const outputTokens = parseOutputTokens(options.output);
  const { prices, unknownModel } = loadConfig(environmentOf(options));
  const card = new PriceBook({ prices, unknownModel }).lookup({ model: counted.model });
  const result = priceCount(file, counted, outputTokens, card);
  if (options.json === true) printJson(result);
  else printText(formatResult(result));
}

function priceCount(
  file: string,
  { model, kind, inputs, batch }: FileCount,
  outputTokens: number,
  card: RateCard,
) {
  const sum = (of: (input: InputCount) => number): number =>
    inputs.reduce((total, input) => total + of(input), 0);
  const serviceTier = batch ? 'batch' : undefined;
  const costOf = ({ tokens }: InputCount): number =>
    priceUsage(card, tokenUsage({ input: tokens, output: outputTokens }), { serviceTier });
  return {
    file,
    model,
    kind,
    batch,
    requests: inputs.length,
    inputTokens: sum(({ tokens }) => tokens),
    /** No more input tokens than these are billed, if the count is complete. */
    upper: sum(({ upper }) => upper),
    complete: inputs.every(({ complete }) => complete),
    outputTokens: outputTokens * inputs.length,
    costUsd: nanoToUsd(sum(costOf)),
    priceSource: card.source,
  };
}

function formatResult(result: ReturnType<typeof priceCount>): string {
  const { model, kind, requests, batch, inputTokens, upper, complete, outputTokens, costUsd, priceSource } =
    result;
  const counted = kind === 'text' ? 'text' : `${formatQuantity(requests, 'request')} (${kind})`;
  const lines = [
    `${formatQuantity(inputTokens, 'input token')} for ${model}, as ${counted}`,
    ...(upper > inputTokens ? [`  at most ${formatCount(upper)}`] : []),
    ...(complete
      ? []
      : ['  plus what is not in the file: images by URL, stored conversations, built-in tools']),
    ...(outputTokens > 0 ? [`  with ${formatQuantity(outputTokens, 'output token')}`] : []),
    `  ${formatCost(costUsd)} (price: ${priceSource}${batch ? ', as a batch' : ''})`,
  ];
  return `${lines.join('\n')}\n`;
}

function countRequests(text: string, modelOption: string | undefined): FileCount {
  const requests = parseRequests(text);
  const model =
    modelOption ?? requests?.map(({ body }) => body['model']).find((name) => typeof name === 'string');
  if (model === undefined) {
    throw new UsageError('No model given: pass --model NAME, or a request that has a model.');
  }
  if (requests === undefined) {
    const tokens = countText(text, encodingForModel(model));
    return {
      model,
      kind: 'text',
      inputs: [{ tokens, textTokens: tokens, upper: tokens, complete: true, opaque: false }],
      batch: false,
    };
  }
  const inputs = requests.map(({ kind, body }) => countInput(kind, { ...body, model }));
  return { model, kind: requests[0]?.kind ?? 'chat', inputs, batch: requests.every(({ batch }) => batch) };
}

interface FileRequest {
  readonly kind: RequestKind;
  readonly body: Readonly<Record<string, unknown>>;
  readonly batch: boolean;
}

/** Parses a request body, or the lines of a batch; undefined for any other text. */
function parseRequests(text: string): FileRequest[] | undefined {
  const single = toRequest(parseObject(text));
  if (single !== undefined) return [single];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const requests = lines.flatMap((line) => toRequest(parseObject(line)) ?? []);
  return lines.length > 0 && requests.length === lines.length ? requests : undefined;
}

function toRequest(value: Readonly<Record<string, unknown>> | undefined): FileRequest | undefined {
  if (value === undefined) return undefined;
  const { url, body } = value;
  if (typeof url === 'string' && isRecord(body)) {
    const kind = ENDPOINTS[url] ?? guessKind(body);
    return kind === undefined ? undefined : { kind, body, batch: true };
  }
  const kind = guessKind(value);
  return kind === undefined ? undefined : { kind, body: value, batch: false };
}

function guessKind(body: Readonly<Record<string, unknown>>): RequestKind | undefined {
  if (Array.isArray(body['messages'])) return 'chat';
  if ('prompt' in body) return 'completions';
  if (!('input' in body)) return undefined;
  return String(body['model']).includes('embedding') ? 'embeddings' : 'responses';
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const value = parseJson(text);
  return isRecord(value) ? value : undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason = errorMessage(error);
    throw new UsageError(`Cannot read "${file}" (${reason}). Pass the path of a file, or - for stdin.`);
  }
}

function parseOutputTokens(text = '0'): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new UsageError(
    `--output: got ${formatValue(text)}, expected a whole number of tokens, such as 2000.`,
  );
}
