import type { ProcessReport, SdkCopyReport } from '../../process/index.ts';
import { MANIFEST } from '../../util/index.ts';
import { type Finding, foundFailure, foundOk, foundSkipped, foundWarning } from './finding.ts';
import { judgeProbe } from './probe-findings.ts';

/** Reports what the processes of a command loaded, and what became of their probe calls. Each finding is made once. */
export function judgeProcesses(reports: readonly ProcessReport[]): readonly Finding[] {
  if (reports.length === 0) return [];
  const findings = [
    ...judgeCopies(reports),
    ...reports.flatMap(({ unmetered }) => unmetered.map(judgeUnmetered)),
    ...reports.flatMap(judgePackages),
    ...reports.flatMap(judgeProvider),
    ...reports.flatMap(judgeProbe),
    ...reports.flatMap(judgeStore),
  ];
  const seen = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...seen.values()];
}

function judgeCopies(reports: readonly ProcessReport[]): readonly Finding[] {
  const check = 'Copies';
  const copies = reports.flatMap((report) => report.copies);
  if (copies.length > 0) return copies.map(judgeCopy);
  if (reports.some(({ isMetered }) => isMetered))
    return [foundOk(check, 'no process loaded openai; calls of another client are metered')];
  const fix =
    'if the program loads openai later, give it longer with --wait, and a request to answer; if openai is bundled into ' +
    'it, exclude it from the bundle (external); other clients: see docs/guarantees.md';
  return [foundWarning(check, 'no process loaded openai: nothing is counted', fix)];
}

function judgeCopy({ path, version, kind, whyNotPatched }: SdkCopyReport): Finding {
  const check = 'Copies';
  const copy = `openai ${version} as ${kind} (${path})`;
  if (whyNotPatched === undefined) return foundOk(check, `${copy} is patched`);
  const fix = whyNotPatched.startsWith('expected')
    ? `npm install openai@"${MANIFEST.peerDependencies.openai}"`
    : 'look for another loader in NODE_OPTIONS, or for a copy that was changed';
  return foundFailure(check, `${copy} is not patched: ${whyNotPatched}`, fix);
}

function judgeUnmetered(reason: string): Finding {
  const fix =
    'load openai after the preload, and exclude it from bundles (external); see docs/opentelemetry.md';
  return foundFailure('Unmetered', reason, fix);
}

/** What the program itself loaded of OpenTelemetry. */
function judgePackages({ packages, provider, copies }: ProcessReport): readonly Finding[] {
  if (packages.length === 0) return [];
  const check = 'API';
  const list = packages.map(({ name, version, path }) => `${name} ${version} (${path})`);
  const found = `the program loaded ${list.join(', ')}`;
  const isSdkUnused =
    packages.some(({ name }) => name.includes('/sdk-')) && provider?.registeredBy === 'this package';
  if (!isSdkUnused || copies.length === 0) return [foundOk(check, found)];
  const fix = 'to use your SDK, start it before openai is loaded: node --import ./tracing.js app.js';
  return [foundWarning(check, `${found}, and had not started its SDK when openai was loaded`, fix)];
}

function judgeProvider({ provider, apiVersion, copies }: ProcessReport): readonly Finding[] {
  const check = 'Provider';
  if (provider === undefined) return [];
  const { registeredBy, className, sdkVersion } = provider;
  if (registeredBy === 'none') {
    if (copies.length === 0) return [];
    return [
      foundSkipped(
        check,
        'no provider of traces is registered: calls are charged, and their spans go nowhere',
      ),
    ];
  }
  const sdk = sdkVersion === undefined ? '' : `, SDK ${sdkVersion}`;
  const api = apiVersion === undefined ? '' : `, API ${apiVersion}`;
  return [foundOk(check, `${className}${sdk}${api}, registered by ${registeredBy}`)];
}

function judgeStore({ store }: ProcessReport): readonly Finding[] {
  if (store === undefined) return [];
  if (store.answered) return [foundOk('Store', 'answers in the program')];
  const fix = 'see the Store line above; the program may have another network, user or directory than doctor';
  return [
    foundFailure('Store', `does not answer in the program: ${store.reason ?? 'no reason is known'}`, fix),
  ];
}
