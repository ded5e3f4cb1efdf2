import { hidesReasoning } from '../../pricing/index.ts';
import { type BilledUnits, readUsage, type TokenUsage, tokenUsage } from '../../usage/index.ts';
import { isRecord, recordsOf, type SeenOnce } from '../../util/index.ts';
import type { HostedTools, OtherUsage } from '../contract/index.ts';
import { listedImageTokens, MAX_IMAGE_TOKENS } from './endpoints/index.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Pictures of the tool are made by this model where the request names none (image generation guide). */
const PICTURE_MODEL = 'gpt-image-1';

/** Reads the hosted tools of a complete response; undefined if none ran. Never throws. */
export function parseHostedTools(answer: Fields): HostedTools | undefined {
  const items = recordsOf(answer['output']);
  const tools = recordsOf(answer['tools']);
  const units = [
    ...count('web_search', webSearches(answer, items), isPreview(answer, tools) ? 'preview' : undefined),
    ...count('file_search', items.filter(({ type }) => type === 'file_search_call').length),
  ];
  const containers = containersOf(items, tools);
  const others = [...svgUsage(answer), ...pictureUsage(answer, items, tools)];
  return units.length + containers.length + others.length === 0 ? undefined : { units, containers, others };
}

/** Adds the fees of hosted tools to a usage. A container is billed by the first response that names it. */
export function addToolFees(usage: TokenUsage, tools: HostedTools, billedContainers: SeenOnce): TokenUsage {
  const containers = tools.containers
    .filter(({ id }) => billedContainers.isNew(id))
    .map(({ memory }) => ({ unit: 'container', quantity: 1, variant: memory }) as const);
  return tokenUsage({ ...usage, units: [...(usage.units ?? []), ...tools.units, ...containers] });
}

/** How many calls of tools are reserved for where the request does not limit them (`max_tool_calls`). */
const LIKELY_CALLS = 8;

/** The worst case of the hosted tools of a request. */
export interface ToolsWorstCase {
  readonly units: readonly BilledUnits[];
  /** Output tokens of generated images. */
  readonly imageTokens: number;
}

/** The most that the hosted tools of a request may be billed, as far as it is bounded; undefined without any. */
export function toolsWorstCase(body: Fields): ToolsWorstCase | undefined {
  const isSearch = isRecord(body['web_search_options']) || isSearchModel(body['model']);
  if (body['tools'] === undefined && !isSearch) return undefined;
  const tools = recordsOf(body['tools']);
  const has = (prefix: string): boolean =>
    tools.some(({ type }) => typeof type === 'string' && type.startsWith(prefix));
  const limit = body['max_tool_calls'];
  const calls = typeof limit === 'number' && Number.isInteger(limit) && limit > 0 ? limit : LIKELY_CALLS;
  const units: BilledUnits[] = [];
  // The limit is that of all tools together: the most expensive of them is reserved.
  if (isSearch || has('web_search'))
    units.push({ unit: 'web_search', quantity: calls, ...previewOf(body, tools) });
  else if (has('file_search')) units.push({ unit: 'file_search', quantity: calls });
  for (const tool of tools) {
    const memory = memoryOf(tool);
    if (memory !== undefined) units.push({ unit: 'container', quantity: 1, variant: memory });
  }
  return { units, imageTokens: has('image_generation') ? MAX_IMAGE_TOKENS : 0 };
}

function previewOf(body: Fields, tools: readonly Fields[]): { variant?: string } {
  return isPreview(body, tools) ? { variant: 'preview' } : {};
}

/** Models that search in each call of Chat. */
function isSearchModel(model: unknown): boolean {
  return typeof model === 'string' && /-search-(preview|api)/.test(model);
}

/** The older tool costs more with models that do not reason (pricing page). */
function isPreview({ model }: Fields, tools: readonly Fields[]): boolean {
  const name = typeof model === 'string' ? model : '';
  const older = tools.some(({ type }) => typeof type === 'string' && type.startsWith('web_search_preview'));
  return (older || isSearchModel(name)) && !hidesReasoning(name);
}

/** The service's own number where it is told; else the calls that searched, and not those that opened a page. */
function webSearches(answer: Fields, items: readonly Fields[]): number {
  const usage = isRecord(answer['tool_usage']) ? answer['tool_usage']['web_search'] : undefined;
  const told = isRecord(usage) ? usage['num_requests'] : undefined;
  if (typeof told === 'number' && Number.isSafeInteger(told) && told >= 0 && told <= 10_000) return told;
  const searched = items.filter(
    ({ type, action }) =>
      type === 'web_search_call' && (!isRecord(action) || (action['type'] ?? 'search') === 'search'),
  ).length;
  // A search model of Chat searches once in each call, and tells nothing of it.
  return searched === 0 && answer['output'] === undefined && isSearchModel(answer['model']) ? 1 : searched;
}

function containersOf(items: readonly Fields[], tools: readonly Fields[]) {
  const memory = tools.map(memoryOf).find((one) => one !== undefined);
  // A container that the request names was made, and billed, before.
  if (memory === undefined) return [];
  const ids = items.flatMap(({ type, container_id: own, environment }) => {
    if (type !== 'code_interpreter_call' && type !== 'shell_call') return [];
    const id = own ?? (isRecord(environment) ? environment['container_id'] : undefined);
    return typeof id === 'string' ? [id] : [];
  });
  return [...new Set(ids)].map((id) => ({ id, memory }));
}

/** The memory of the container that a tool may make; undefined where it makes none. */
function memoryOf({ type, container, environment }: Fields): string | undefined {
  const made = type === 'code_interpreter' ? container : type === 'shell' ? environment : undefined;
  if (!isRecord(made) || (made['type'] !== 'auto' && made['type'] !== 'container_auto')) return undefined;
  return typeof made['memory_limit'] === 'string' ? made['memory_limit'] : '1g';
}

/** Tokens of the model that wrote an SVG. */
function svgUsage(answer: Fields): OtherUsage[] {
  const usage = answer['svg_usage'];
  if (!isRecord(usage) || typeof usage['model'] !== 'string') return [];
  return [{ model: usage['model'], usage: readUsage(usage).usage }];
}

/** Pictures that the tool made: their tokens are not in the usage of the answer. */
function pictureUsage(answer: Fields, items: readonly Fields[], tools: readonly Fields[]): OtherUsage[] {
  const tool = tools.find(({ type }) => type === 'image_generation') ?? {};
  const model = typeof tool['model'] === 'string' ? tool['model'] : PICTURE_MODEL;
  const told = isRecord(answer['tool_usage']) ? readUsage(answer['tool_usage']['image_gen']) : undefined;
  if (told?.inputKnown === true && told.outputKnown) {
    const { usage } = told;
    const imageOutput = usage.imageOutput > 0 ? usage.imageOutput : usage.output;
    return [{ model, usage: { ...usage, imageOutput } }];
  }
  const made = items.filter(({ type, status }) => type === 'image_generation_call' && status !== 'failed');
  const output = made.reduce((sum, item) => sum + listedImageTokens({ ...tool, ...item }), 0);
  return output === 0 ? [] : [{ model, usage: tokenUsage({ output, imageOutput: output }) }];
}

function count(unit: 'web_search' | 'file_search', quantity: number, variant?: string): BilledUnits[] {
  return quantity === 0 ? [] : [{ unit, quantity, ...(variant === undefined ? {} : { variant }) }];
}
