import { type ImageRule, imageRule } from './models.ts';

/** Width and height of an image, in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** The tokens of an image: the likely number and the most it can be. They are equal if the size is known. */
export interface ImageTokens {
  readonly tokens: number;
  readonly upper: number;
}

/** The assumed size of an image that is not in the request. */
const TYPICAL_SIZE: ImageSize = { width: 1024, height: 1024 };

const PATCH_PX = 32;
const TILE_PX = 512;

/**
 * Returns the tokens of an image for a model. `detail` is as in the request; without one, and for `auto`, the
 * service chooses, and bills are those of `high`. An unknown size costs the most that the model's rule
 * allows.
 *
 * Source of the formulas: https://platform.openai.com/docs/guides/images-vision#calculating-costs
 */
export function imageTokens(model: string, size: ImageSize | undefined, detail: unknown): ImageTokens {
  const rule = imageRule(model);
  const budget = patchBudget(rule, detail);
  const tokens = tokensOfSize(rule, size ?? TYPICAL_SIZE, detail, budget);
  if (rule.by === 'tiles')
    return { tokens, upper: size ? tokens : detail === 'low' ? rule.base : rule.base + 8 * rule.tile };
  const most = size ? patchesOf(size, budget) : budget;
  return { tokens, upper: Math.ceil(most * rule.highestRate) };
}

function patchBudget(rule: ImageRule, detail: unknown): number {
  if (rule.by === 'tiles') return 0;
  // `original` came with gpt-5.4: four times the patches of `high`.
  return detail === 'original' ? rule.budget * 4 : detail === 'low' ? (TILE_PX / PATCH_PX) ** 2 : rule.budget;
}

function tokensOfSize(rule: ImageRule, size: ImageSize, detail: unknown, budget: number): number {
  if (rule.by === 'patches') return Math.ceil(patchesOf(size, budget) * rule.rate);
  return detail === 'low' ? rule.base : rule.base + tilesOf(size) * rule.tile;
}

/** Returns the tiles of 512 px after scaling into 2048 px and the short side down to 768 px. */
function tilesOf({ width, height }: ImageSize): number {
  const fit = Math.min(1, 2048 / Math.max(width, height));
  const scale = fit * Math.min(1, 768 / (Math.min(width, height) * fit));
  return (
    Math.max(1, Math.ceil((width * scale) / TILE_PX)) * Math.max(1, Math.ceil((height * scale) / TILE_PX))
  );
}

/** Returns the patches of 32 px, at most the budget: a larger image is scaled down until its patches fit. */
function patchesOf({ width, height }: ImageSize, budget: number): number {
  return Math.min(budget, Math.max(1, Math.ceil(width / PATCH_PX) * Math.ceil(height / PATCH_PX)));
}

/** Characters of base64 that are decoded to find a size: in JPEG a thumbnail and profiles may precede it. */
const HEADER_LENGTH = 1 << 18;

/** Returns the size of an image in a data URL of PNG, JPEG, GIF or WebP; undefined if it cannot be read. */
export function imageSize(url: string): ImageSize | undefined {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  if (comma < 0 || !url.slice(0, comma).includes('base64')) return undefined;
  const bytes = Buffer.from(url.slice(comma + 1, comma + 1 + HEADER_LENGTH), 'base64');
  try {
    const size = pngSize(bytes) ?? gifSize(bytes) ?? webpSize(bytes) ?? jpegSize(bytes);
    return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined;
  } catch {
    // A read past the end: the header is truncated.
    return undefined;
  }
}

function pngSize(bytes: Buffer): ImageSize | undefined {
  if (bytes.toString('latin1', 1, 4) !== 'PNG') return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function gifSize(bytes: Buffer): ImageSize | undefined {
  if (bytes.toString('latin1', 0, 3) !== 'GIF') return undefined;
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
}

/** https://developers.google.com/speed/webp/docs/riff_container: extended, lossless and lossy headers. */
function webpSize(bytes: Buffer): ImageSize | undefined {
  if (bytes.toString('latin1', 8, 12) !== 'WEBP') return undefined;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}

/**
 * https://www.w3.org/Graphics/JPEG/itu-t81.pdf: the frame header (SOF0 to SOF15) among the marker segments.
 */
function jpegSize(bytes: Buffer): ImageSize | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  for (let at = 2; bytes[at] === 0xff; ) {
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    // C4, C8 and CC are tables among the codes of frame headers.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
