import { createRequire } from 'node:module';
import type { EncodingName } from '../encodings.ts';
import { BytePairCounter } from './bpe.ts';
import { type Ranks, RankTable } from './rank-table.ts';
import { TextMemory } from './text-memory.ts';

/**
 * UTF-16 units passed to the pre-tokenizer at a time. A run of one kind of character is one piece, and V8's
 * regular expressions fail on runs of some ten million; this also bounds the memory of a merge (to some 30
 * MB).
 */
const LONGEST_SLICE = 1 << 18;

/** Counts tokens in an encoding: the pre-tokenizer cuts a text into pieces, byte pairs merge within each. */
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
      tokens += this.#countSlice(end - start === text.length ? text : text.slice(start, end));
      start = end;
    }
    this.memory.set(text, tokens);
    return tokens;
  }

  #countSlice(text: string): number {
    const pieces = this.#pieces;
    pieces.lastIndex = 0;
    let tokens = 0;
    // Every pattern matches every character, so a piece begins where the last one ended: no match object is
    // needed.
    for (let start = 0; pieces.test(text); start = pieces.lastIndex)
      tokens += this.pairs.count(text, start, pieces.lastIndex);
    return tokens;
  }
}

/**
 * A letter or digit after a line end begins a piece in every encoding: a cut there does not change the count.
 */
const CLEAN_CUT = /\n[A-Za-z0-9]/;

function sliceEnd(text: string, start: number): number {
  const limit = start + LONGEST_SLICE;
  if (limit >= text.length) return text.length;
  const half = start + LONGEST_SLICE / 2;
  const clean = text.slice(half, limit).search(CLEAN_CUT);
  if (clean >= 0) return half + clean + 1;
  // Elsewhere a cut may add a token or two in 262,144 characters; it must not split a surrogate pair.
  const code = text.charCodeAt(limit);
  return code >= 0xdc00 && code < 0xe000 ? limit - 1 : limit;
}

const counters = new Map<EncodingName, TextCounter>();

/** Loads an encoding on its first use: some 50 ms and 16 MB for o200k_base, half of that for cl100k_base. */
function counterOf(encoding: EncodingName): TextCounter {
  let counter = counters.get(encoding);
  if (counter === undefined) {
    counter = new TextCounter(createRequire(import.meta.url)(`js-tiktoken/ranks/${encoding}`) as Ranks);
    counters.set(encoding, counter);
  }
  return counter;
}

/**
 * Counts the tokens of a text. Special tokens (`<|endoftext|>`) are plain text, as they are for the API; a
 * lone surrogate counts as U+FFFD, which is sent in its place. Long texts are remembered, so a second count
 * is free.
 */
export function countText(text: string, encoding: EncodingName): number {
  return text === '' ? 0 : counterOf(encoding).count(text);
}

/** The work of counting so far, for tests and benchmarks that must not depend on time. */
export interface CountingWork {
  /** UTF-16 units tokenized, without texts that were remembered. */
  readonly characters: number;
  /** Pairs looked up and moves in the heap while merging. */
  readonly steps: number;
}

/** Returns the work of all counts of this process in an encoding. */
export function countingWork(encoding: EncodingName): CountingWork {
  const counter = counterOf(encoding);
  return { characters: counter.characters, steps: counter.pairs.steps };
}

/** Forgets the remembered texts and their counts. */
export function forgetTexts(): void {
  for (const counter of counters.values()) counter.memory.clear();
}
