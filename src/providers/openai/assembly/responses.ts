import { isRecord, recordsOf } from '../../../util/index.ts';
import { positionOf } from './position.ts';

/** The field of an item that the pieces of an event are added to, or a list of its parts with their own texts. */
type Target =
  | string
  | { readonly list: string; readonly index: string; readonly type: string; readonly text: string };

/** Where the text of each kind of delta belongs; others, such as those of audio, are not kept. */
const TARGETS: Readonly<Record<string, Target>> = {
  'response.output_text.delta': part('content', 'content_index', 'output_text', 'text'),
  'response.refusal.delta': part('content', 'content_index', 'refusal', 'refusal'),
  'response.reasoning_text.delta': part('content', 'content_index', 'reasoning_text', 'text'),
  'response.reasoning_summary_text.delta': part('summary', 'summary_index', 'summary_text', 'text'),
  'response.function_call_arguments.delta': 'arguments',
  'response.mcp_call_arguments.delta': 'arguments',
  'response.custom_tool_call_input.delta': 'input',
  'response.code_interpreter_call_code.delta': 'code',
};

function part(list: string, index: string, type: string, text: string): Target {
  return { list, index, type, text };
}

/** An item that has not ended: as it was added, and the pieces that have arrived since. */
interface OpenItem {
  readonly item: Readonly<Record<string, unknown>>;
  readonly pieces: Map<string, { readonly target: Target; readonly texts: string[] }>;
}

/** Puts the events of Responses together: the output of the last event has all, if the stream gets there. */
export class ResponseAssembly {
  #output: readonly Record<string, unknown>[] = [];
  readonly #done = new Map<number, Record<string, unknown>>();
  readonly #open = new Map<number, OpenItem>();

  /** Reads an event. */
  read(type: string, event: Readonly<Record<string, unknown>>): void {
    const { item, response } = event;
    const position = positionOf(event['output_index']);
    if (isRecord(response)) this.#output = recordsOf(response['output']);
    if (type === 'response.output_item.added' && isRecord(item)) this.#openAt(position, item);
    if (type === 'response.output_item.done' && isRecord(item)) {
      this.#open.delete(position);
      this.#done.set(position, item);
    }
    const target = Object.hasOwn(TARGETS, type) ? TARGETS[type] : undefined;
    if (target === undefined || typeof event['delta'] !== 'string') return;
    const { pieces } = this.#open.get(position) ?? this.#openAt(position, { type: itemType(type) });
    const index = typeof target === 'string' ? 0 : positionOf(event[target.index]);
    const key = `${type} ${index}`;
    const known = pieces.get(key);
    if (known === undefined) pieces.set(key, { target, texts: [event['delta']] });
    else known.texts.push(event['delta']);
  }

  /** The items of the output, in their order. */
  output(): readonly Record<string, unknown>[] {
    if (this.#output.length > 0) return this.#output;
    const open = [...this.#open].map(([position, item]): [number, Record<string, unknown>] => [
      position,
      itemOf(item),
    ]);
    return [...this.#done, ...open].sort(([one], [other]) => one - other).map(([, item]) => item);
  }

  #openAt(position: number, item: Readonly<Record<string, unknown>>): OpenItem {
    const opened: OpenItem = { item, pieces: new Map() };
    this.#open.set(position, opened);
    return opened;
  }
}

/** The type of an item whose beginning was not seen, by that of a delta: `response.refusal.delta`. */
function itemType(type: string): string {
  if (type.startsWith('response.reasoning')) return 'reasoning';
  return /^response\.(\w+_call)_/.exec(type)?.[1] ?? 'message';
}

function itemOf({ item, pieces }: OpenItem): Record<string, unknown> {
  const whole: Record<string, unknown> = { ...item };
  for (const { target, texts } of pieces.values()) {
    const text = texts.join('');
    if (typeof target === 'string') whole[target] = text;
    else whole[target.list] = [...recordsOf(whole[target.list]), { type: target.type, [target.text]: text }];
  }
  return whole;
}
