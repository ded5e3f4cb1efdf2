import { createRequire } from 'node:module';
import type { EncodingName } from '../encodings.ts';
import { BytePairCounter } from './bpe.ts';
import { type Ranks, RankTable } from './rank-table.ts';
import { TextMemory } from './text-memory.ts';

/**
 * UTF-16 units given to the pre-tokenizer at once. A run of one kind of character is one piece, and V8's regular
 * expressions fail on runs of some ten million; this also bounds the memory of a merge (to some 30 MB).
 */
const LONGEST_SLICE = 1 << 18;

/** An encoding's counter: the pre-tokenizer cuts the text into pieces, byte pairs merge within each. */
class TextCounter {
  readonly pairs: BytePairCounter;
  readonly memory = new TextMemory();
  characters = 0;
  readonly #pieces: RegExp;

  constructor(ranks: Ranks) {
    this.pairs = new BytePairCounter(new RankTable(ranks.bpe_ranks));
    this.#pieces = new RegExp(ranks.pat_str, 'ug');
  }

  count(text: string): number {
    const known = this.memory.get(text);
    if (known !== undefined) return known;
    this.characters += text.length;
    let tokens = 0;
    for (let start = 0; start < text.length; ) {
      const end = sliceEnd(text, start);
      tokens += this.#slice(end - start === text.length ? text : text.slice(start, end));
      start = end;
    }
    this.memory.set(text, tokens);
    return tokens;
  }

  #slice(text: string): number {
    const pieces = this.#pieces;
    pieces.lastIndex = 0;
    let tokens = 0;
    // Each pattern matches every character, so a piece begins where the last one ended: no match object is needed.
    for (let start = 0; pieces.test(text); start = pieces.lastIndex)
      tokens += this.pairs.count(text, start, pieces.lastIndex);
    return tokens;
  }
}

/** A letter or digit after a line end begins a piece in every encoding: cutting there changes no count. */
const CLEAN_CUT = /\n[A-Za-z0-9]/;

function sliceEnd(text: string, start: number): number {
  const limit = start + LONGEST_SLICE;
  if (limit >= text.length) return text.length;
  const half = start + LONGEST_SLICE / 2;
  const clean = text.slice(half, limit).search(CLEAN_CUT);
  if (clean >= 0) return half + clean + 1;
  // Elsewhere a cut may cost a token or two in 262,144 characters; it must not split a surrogate pair.
  const code = text.charCodeAt(limit);
  return code >= 0xdc00 && code < 0xe000 ? limit - 1 : limit;
}

const counters = new Map<EncodingName, TextCounter>();

/** Loads an encoding on first use: some 50 ms and 16 MB for o200k_base, half of that for cl100k_base. */
function counterOf(encoding: EncodingName): TextCounter {
  let counter = counters.get(encoding);
  if (counter === undefined) {
    counter = new TextCounter(createRequire(import.meta.url)(`js-tiktoken/ranks/${encoding}`) as Ranks);
    counters.set(encoding, counter);
  }
  return counter;
}

/**
 * The tokens of a text. Special tokens (`<|endoftext|>`) are plain text, as the API takes them; a lone surrogate
 * counts as U+FFFD, which is what it becomes on the wire. Long texts are remembered, so a second count is free.
 */
export function countText(text: string, encoding: EncodingName): number {
  return text === '' ? 0 : counterOf(encoding).count(text);
}

/** What counting took so far, for tests and benchmarks, which must not depend on the clock. */
export interface CountingWork {
  /** UTF-16 units tokenized: texts remembered from before are not in it. */
  readonly characters: number;
  /** Pairs looked up and heap moves made while merging. */
  readonly steps: number;
}

/** The work of all counts of this process in an encoding. */
export function countingWork(encoding: EncodingName): CountingWork {
  const counter = counterOf(encoding);
  return { characters: counter.characters, steps: counter.pairs.work };
}

/** Forgets the texts counted so far and their counts. */
export function forgetTexts(): void {
  for (const counter of counters.values()) counter.memory.clear();
}
