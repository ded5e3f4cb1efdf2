import { hidesReasoning } from '../../pricing/index.ts';
import { type BilledUnits, readUsage, type TokenUsage, tokenUsage } from '../../usage/index.ts';
import { type Fields, isRecord, recordsOf, type SeenOnce } from '../../util/index.ts';
import type { HostedTools, OtherUsage } from '../contract/index.ts';
import { listedImageTokens, MAX_IMAGE_TOKENS } from './endpoints/index.ts';

/** The model that the image generation tool uses if the request names none (image generation guide). */
const DEFAULT_IMAGE_MODEL = 'gpt-image-1';

/** Reads the hosted tools of a complete response; undefined if none ran. Never throws. */
export function parseHostedTools(response: Fields): HostedTools | undefined {
  const items = recordsOf(response['output']);
  const tools = recordsOf(response['tools']);
  const units = [
    ...unitsOf(
      'web_search',
      webSearches(response, items),
      isPreviewSearch(response, tools) ? 'preview' : undefined,
    ),
    ...unitsOf('file_search', items.filter(({ type }) => type === 'file_search_call').length),
  ];
  const containers = containersOf(items, tools);
  const others = [...svgUsage(response), ...imageUsage(response, items, tools)];
  return units.length + containers.length + others.length === 0 ? undefined : { units, containers, others };
}

/** Adds the fees of hosted tools to a usage. A container is billed by the first response that names it. */
export function addToolFees(usage: TokenUsage, tools: HostedTools, billedContainers: SeenOnce): TokenUsage {
  const containers = tools.containers
    .filter(({ id }) => billedContainers.isNew(id))
    .map(({ memory }) => ({ unit: 'container', quantity: 1, variant: memory }) as const);
  return tokenUsage({ ...usage, units: [...(usage.units ?? []), ...tools.units, ...containers] });
}

/** How many tool calls are reserved for if the request does not limit them (`max_tool_calls`). */
const LIKELY_TOOL_CALLS = 8;

/** The worst case of the hosted tools of a request. */
export interface ToolsWorstCase {
  readonly units: readonly BilledUnits[];
  /** Output tokens of generated images. */
  readonly imageTokens: number;
}

/**
 * The most that the hosted tools of a request may be billed, as far as it is bounded; undefined without any.
 */
export function toolsWorstCase(body: Fields): ToolsWorstCase | undefined {
  const isSearch = isRecord(body['web_search_options']) || isSearchModel(body['model']);
  if (body['tools'] === undefined && !isSearch) return undefined;
  const tools = recordsOf(body['tools']);
  const has = (prefix: string): boolean =>
    tools.some(({ type }) => typeof type === 'string' && type.startsWith(prefix));
  const limit = body['max_tool_calls'];
  const calls = typeof limit === 'number' && Number.isInteger(limit) && limit > 0 ? limit : LIKELY_TOOL_CALLS;
  const units: BilledUnits[] = [];
  // The limit applies to all tools together: the most expensive of them is reserved.
  if (isSearch || has('web_search')) {
    const variant = isPreviewSearch(body, tools) ? { variant: 'preview' } : {};
    units.push({ unit: 'web_search', quantity: calls, ...variant });
  } else if (has('file_search')) units.push({ unit: 'file_search', quantity: calls });
  for (const tool of tools) {
    const memory = containerMemory(tool);
    if (memory !== undefined) units.push({ unit: 'container', quantity: 1, variant: memory });
  }
  return { units, imageTokens: has('image_generation') ? MAX_IMAGE_TOKENS : 0 };
}

/** Whether a model searches in every call of Chat. */
function isSearchModel(model: unknown): boolean {
  return typeof model === 'string' && /-search-(preview|api)/.test(model);
}

/**
 * Whether searches are those of the older tool, which costs more with models that do not reason (pricing
 * page).
 */
function isPreviewSearch({ model }: Fields, tools: readonly Fields[]): boolean {
  const name = typeof model === 'string' ? model : '';
  const older = tools.some(({ type }) => typeof type === 'string' && type.startsWith('web_search_preview'));
  return (older || isSearchModel(name)) && !hidesReasoning(name);
}

/**
 * The number that the service reports, if it does; else of the calls that searched, not those that opened a
 * page.
 */
function webSearches(response: Fields, items: readonly Fields[]): number {
  const usage = isRecord(response['tool_usage']) ? response['tool_usage']['web_search'] : undefined;
  const reported = isRecord(usage) ? usage['num_requests'] : undefined;
  if (typeof reported === 'number' && Number.isSafeInteger(reported) && reported >= 0 && reported <= 10_000)
    return reported;
  const searches = items.filter(
    ({ type, action }) =>
      type === 'web_search_call' && (!isRecord(action) || (action['type'] ?? 'search') === 'search'),
  ).length;
  // A search model of Chat searches once per call, and does not report it.
  return searches === 0 && response['output'] === undefined && isSearchModel(response['model'])
    ? 1
    : searches;
}

function containersOf(items: readonly Fields[], tools: readonly Fields[]) {
  const memory = tools.map(containerMemory).find((one) => one !== undefined);
  // A container that the request names was created, and billed, before.
  if (memory === undefined) return [];
  const ids = items.flatMap(({ type, container_id: own, environment }) => {
    if (type !== 'code_interpreter_call' && type !== 'shell_call') return [];
    const id = own ?? (isRecord(environment) ? environment['container_id'] : undefined);
    return typeof id === 'string' ? [id] : [];
  });
  return [...new Set(ids)].map((id) => ({ id, memory }));
}

/** The memory of the container that a tool may create; undefined if it creates none. */
function containerMemory({ type, container, environment }: Fields): string | undefined {
  const created = type === 'code_interpreter' ? container : type === 'shell' ? environment : undefined;
  if (!isRecord(created) || (created['type'] !== 'auto' && created['type'] !== 'container_auto'))
    return undefined;
  return typeof created['memory_limit'] === 'string' ? created['memory_limit'] : '1g';
}

/** The tokens of the model that wrote an SVG. */
function svgUsage(response: Fields): OtherUsage[] {
  const usage = response['svg_usage'];
  if (!isRecord(usage) || typeof usage['model'] !== 'string') return [];
  return [{ model: usage['model'], usage: readUsage(usage).usage }];
}

/** The images that the tool generated: their tokens are not part of the response's usage. */
function imageUsage(response: Fields, items: readonly Fields[], tools: readonly Fields[]): OtherUsage[] {
  const tool = tools.find(({ type }) => type === 'image_generation') ?? {};
  const model = typeof tool['model'] === 'string' ? tool['model'] : DEFAULT_IMAGE_MODEL;
  const reported = isRecord(response['tool_usage'])
    ? readUsage(response['tool_usage']['image_gen'])
    : undefined;
  if (reported?.inputKnown === true && reported.outputKnown) {
    const { usage } = reported;
    const imageOutput = usage.imageOutput > 0 ? usage.imageOutput : usage.output;
    return [{ model, usage: { ...usage, imageOutput } }];
  }
  const images = items.filter(({ type, status }) => type === 'image_generation_call' && status !== 'failed');
  const output = images.reduce((sum, item) => sum + listedImageTokens({ ...tool, ...item }), 0);
  return output === 0 ? [] : [{ model, usage: tokenUsage({ output, imageOutput: output }) }];
}

function unitsOf(unit: 'web_search' | 'file_search', quantity: number, variant?: string): BilledUnits[] {
  return quantity === 0 ? [] : [{ unit, quantity, ...(variant === undefined ? {} : { variant }) }];
}
