import { baseModel } from '../encodings.ts';

/** How the tokens of an image are computed: by tiles of 512 px, or by patches of 32 px. */
export type ImageRule =
  | { readonly by: 'tiles'; readonly base: number; readonly tile: number }
  | {
      readonly by: 'patches';
      /** The most patches of an image; a larger one is scaled down to them. */
      readonly budget: number;
      /** Tokens per patch. */
      readonly rate: number;
      /** The most tokens per patch that may be billed, if sources disagree. */
      readonly highestRate: number;
    };

/**
 * Image rules by family, first match wins. Source: https://platform.openai.com/docs/guides/images-vision
 * (calculating costs). For gpt-5-mini and gpt-5-nano the guide's rate was 1.62 and 2.46; recorded bills of
 * gpt-5-mini are 1.2.
 */
const IMAGES: readonly (readonly [RegExp, ImageRule])[] = [
  [/^gpt-4\.1-mini|^gpt-5\.\d-mini/, patches(1536, 1.62)],
  [/^gpt-4\.1-nano|^gpt-5\.\d-nano/, patches(1536, 2.46)],
  [/^gpt-5-mini/, patches(1536, 1.2, 1.62)],
  [/^gpt-5-nano/, patches(1536, 1.5, 2.46)],
  [/^o4-mini/, patches(1536, 1.72)],
  [/^gpt-4o-mini/, { by: 'tiles', base: 2833, tile: 5667 }],
  [/^(?:gpt-4|chatgpt-)/, { by: 'tiles', base: 85, tile: 170 }],
  [/^o\d/, { by: 'tiles', base: 75, tile: 150 }],
  [/^gpt-5(?:$|[-.](?:\d{4}|[123]|pro|codex|chat))/, { by: 'tiles', base: 70, tile: 140 }],
  [/^computer-use/, { by: 'tiles', base: 65, tile: 129 }],
  // A token for 750 px, 4,784 at most (https://platform.claude.com/docs/en/build-with-claude/vision).
  [/claude/, patches(3500, 1.37, 1.4)],
];

/** The rule of gpt-5.4 and later, and of unknown models. */
const LATEST = patches(2500, 1, 1.2);

function patches(budget: number, rate: number, highestRate = rate): ImageRule {
  return { by: 'patches', budget, rate, highestRate };
}

/** Returns the rule for the images of a model. */
export function imageRule(model: string): ImageRule {
  const name = baseModel(model);
  return IMAGES.find(([family]) => family.test(name))?.[1] ?? LATEST;
}

/**
 * The framing of requests: `harmony` is the format of the reasoning models (o1 and later, gpt-5 and later;
 * https://cookbook.openai.com/articles/openai-harmony), `chatml` that of earlier models.
 */
export type Framing = 'chatml' | 'harmony';

/** Returns the framing of requests for a model. */
export function framingOf(model: string): Framing {
  return /^(?:o\d|gpt-(?:[5-9]|\d\d)|codex-)/.test(baseModel(model)) ? 'harmony' : 'chatml';
}
