import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fieldsOf, parseJson, textOf } from '../../../util/index.ts';
import type { SdkFile } from './sdk-files.ts';

/** Key of the global function that the added line calls. */
export const REPORT_KEY = 'otel-token-budget.report-sdk-file';

/** The files that may define the client (`index` in openai 4), or a class that sends over a WebSocket. */
const FILE_NAME = /[\\/](client|index|ws|websocket)\.m?js(?=[?#]|$)/;
/** A class as it is written in the releases of the SDK, or as a transpiler writes it. */
const CLASS =
  /(?:^|\n)[\t ]*(?:export\s+)?(?:class|(?:var|let|const)(?=\s+\w+\s*=\s*class\b))\s+(\w*(?:OpenAI|WS|WebSocket)\w*)/g;

/** In every file that defines a client, and in few others. */
const CLIENT = 'OpenAI';
const SOCKET_FILE = /ws\.m?js|websocket\.m?js/;

/** The copies of the SDK by directory; undefined for a directory of another package. */
const packages = new Map<string, OwnPackage | undefined>();

interface OwnPackage {
  readonly directory: string;
  readonly version: string;
}

/** Returns whether a file may be one of the SDK, by its name alone: cheap, since every file is asked about. */
export function mayBeSdkFile(url: string): boolean {
  return FILE_NAME.test(url);
}

/**
 * Returns the source of a file of the SDK with a last line that reports its classes, which works as CommonJS and as
 * an ES module; undefined if it is not a file of the SDK that defines such classes, or has that line already.
 * @param location a URL or a path
 */
export function sourceWithReport(location: string, source: unknown): string | undefined {
  if (!mayBeSdkFile(location)) return undefined;
  const text = textOfSource(source, SOCKET_FILE.test(location) ? '' : CLIENT);
  if (text === undefined || text.includes(REPORT_KEY)) return undefined;
  const classes = [...text.matchAll(CLASS)].map(([, name]) => name);
  if (classes.length === 0) return undefined;
  const described = describeSdkFile(location);
  if (described === undefined) return undefined;
  const file = JSON.stringify(described);
  const values = classes.map((each) => `typeof ${each}==='undefined'?undefined:${each}`);
  return `${text}\n;globalThis[Symbol.for('${REPORT_KEY}')]?.({...${file},classes:[${values.join(',')}]});\n`;
}

/**
 * Returns which file of which copy of the SDK is at a location; undefined if it is of another package.
 * @param location a URL or a path
 */
export function describeSdkFile(location: string): Omit<SdkFile, 'classes'> | undefined {
  const path = pathOf(location);
  const own = path === undefined ? undefined : openaiPackageOf(dirname(path));
  if (own === undefined || path === undefined) return undefined;
  const name = relative(own.directory, path)
    .replaceAll(sep, '/')
    .replace(/\.m?js$/, '');
  return { name, version: own.version, url: location };
}

/**
 * Returns the source of a module as text; undefined if it has none, or not that word. Only files that have it are
 * decoded.
 */
export function textOfSource(source: unknown, word = ''): string | undefined {
  if (typeof source === 'string') return source.includes(word) ? source : undefined;
  if (source instanceof ArrayBuffer) return textOfSource(new Uint8Array(source), word);
  if (!(source instanceof Uint8Array)) return undefined;
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.byteLength);
  return bytes.includes(word) ? bytes.toString('utf8') : undefined;
}

function pathOf(location: string): string | undefined {
  try {
    return location.startsWith('file:') ? fileURLToPath(location.replace(/[?#].*$/, '')) : location;
  } catch {
    return undefined;
  }
}

/** Returns the package of a directory if it is the SDK, under whatever name it was installed. */
function openaiPackageOf(directory: string): OwnPackage | undefined {
  if (packages.has(directory)) return packages.get(directory);
  const found = readPackage(directory) ?? parentPackageOf(directory);
  packages.set(directory, found);
  return found;
}

function parentPackageOf(directory: string): OwnPackage | undefined {
  const parent = dirname(directory);
  return parent === directory || directory.endsWith(`${sep}node_modules`)
    ? undefined
    : openaiPackageOf(parent);
}

function readPackage(directory: string): OwnPackage | undefined {
  let manifest: string;
  try {
    manifest = readFileSync(join(directory, 'package.json'), 'utf8');
  } catch {
    return undefined;
  }
  const { name, version } = fieldsOf(parseJson(manifest));
  return name === 'openai' ? { directory, version: textOf(version) ?? '' } : undefined;
}
