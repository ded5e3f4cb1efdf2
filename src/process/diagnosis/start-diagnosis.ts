import { existsSync } from 'node:fs';
import { onAnyBudgetEvent, type TokenBudgetTracker } from '../../budget/index.ts';
import { tryParseStoreUrl } from '../../stores/index.ts';
import { failOpen, type TracerProvider } from '../../telemetry/api/index.ts';
import { isAnyClientMetered } from '../../telemetry/context/index.ts';
import { errorMessage, INTERNAL_VARIABLES, parseJson, withTimeout } from '../../util/index.ts';
import { packagesInCache, watchPackages } from './loaded-packages.ts';
import { makeProbeCall, PROBE_BUDGET } from './probe-call.ts';
import { sendProbeSpan } from './probe-export.ts';
import { describeProvider, registeredApiVersion, sdkVersionOf } from './registered-provider.ts';
import type { DiagnosisRequest } from './report.ts';
import { ReportFile } from './report-file.ts';
import { type SdkCopy, watchSdkCopies } from './sdk-copies.ts';

/** How long the store may take to answer, milliseconds. */
const STORE_TIMEOUT_MS = 3_000;

/** The process that is diagnosed. */
export interface DiagnosedProcess {
  readonly tracker: TokenBudgetTracker;
  /** The setting of the store. */
  readonly store: string;
  /** Sets where the spans of calls go; undefined, to the registered provider. */
  readonly setTracerProvider: (provider: TracerProvider | undefined) => void;
  /** Returns what sends the spans of this package's SDK; undefined if that does not run. */
  readonly sendSpans: () => (() => Promise<boolean | undefined>) | undefined;
}

/**
 * Reports to `token-budget doctor` what this process loads and what the budget sees of it, and makes a probe call once
 * a copy of the openai SDK is patched. To be called after clients are hooked.
 */
export function startDiagnosis(diagnosed: DiagnosedProcess): void {
  const request = parseJson(process.env[INTERNAL_VARIABLES.doctor] ?? '') as DiagnosisRequest | undefined;
  if (typeof request?.directory !== 'string' || typeof request.probeUrl !== 'string') return;
  const file = new ReportFile(request.directory);
  const { report } = file;
  const probe = { ...diagnosed, url: request.probeUrl, fetch: globalThis.fetch };
  let isProbing = false;
  watchPackages((found) => {
    report.packages.push(found);
    file.write();
  });
  watchSdkCopies((copy) => {
    const { client, ...described } = copy;
    report.copies.push(described);
    file.write();
    if (isProbing || client === undefined || copy.whyNotPatched !== undefined) return;
    isProbing = true;
    // After telemetry is started, which is as late after the patch.
    setImmediate(() => void runProbe(file, probe, { ...copy, client }));
  });
  watchEvents(file);
  const conclude = (): void =>
    failOpen('writing the report of a process', () => {
      addCachedPackages(file);
      observe(file, diagnosed);
      file.write();
    });
  process.once('beforeExit', conclude);
  process.once('exit', () => {
    report.hasEnded = true;
    conclude();
  });
}

type Probe = DiagnosedProcess & { readonly url: string; readonly fetch: typeof globalThis.fetch };

async function runProbe(
  file: ReportFile,
  probe: Probe,
  copy: Required<Pick<SdkCopy, 'client'>> & SdkCopy,
): Promise<void> {
  const { report } = file;
  try {
    observe(file, probe);
    const asked = askStore(probe).then((answer) => {
      if (answer !== undefined) report.store = answer;
      file.write();
    });
    const { report: made, span } = await makeProbeCall({
      ...probe,
      client: copy.client,
      version: copy.version,
    });
    report.probe = made;
    observe(file, probe, span);
    file.write();
    if (made.span === 'recorded') report.probe = { ...made, export: await sendProbeSpan(probe.sendSpans()) };
    await asked;
    file.write();
  } catch (error) {
    failOpen('writing the report of a probe', () => {
      report.probe ??= { version: copy.version, chargedTokens: 0, error: errorMessage(error), span: 'none' };
      file.write();
    });
  }
}

/** Adds what is registered by now. */
function observe({ report }: ReportFile, { sendSpans }: DiagnosedProcess, span?: object): void {
  const apiVersion = registeredApiVersion();
  if (apiVersion !== undefined) report.apiVersion = apiVersion;
  report.isMetered = isAnyClientMetered();
  const provider = describeProvider(sendSpans() !== undefined);
  const sdkVersion = (span === undefined ? undefined : sdkVersionOf(span)) ?? provider.sdkVersion;
  report.provider = { ...provider, ...(sdkVersion === undefined ? {} : { sdkVersion }) };
}

function addCachedPackages({ report }: ReportFile): void {
  for (const found of packagesInCache())
    if (!report.packages.some(({ path }) => path === found.path)) report.packages.push(found);
}

/** Notes what the budgets of the process do not count, and an outage of their store. */
function watchEvents(file: ReportFile): void {
  const { report } = file;
  onAnyBudgetEvent((event) => {
    if (event.type === 'not_enforced') report.unmetered.push(event.reason);
    else if (event.type === 'store_unavailable') report.store = { answered: false, reason: event.reason };
    else if (event.type === 'call' && event.budget !== PROBE_BUDGET) report.store ??= { answered: true };
    else return;
    file.write();
  });
}

/** Reads the balances of the budget, which changes nothing; undefined where there is no ledger to read yet. */
async function askStore({
  tracker,
  store,
}: DiagnosedProcess): Promise<{ answered: boolean; reason?: string } | undefined> {
  const url = tryParseStoreUrl(store);
  if (url?.kind === 'sqlite' && !existsSync(url.path)) return undefined;
  try {
    const late = (): Error => new Error(`no answer within ${STORE_TIMEOUT_MS / 1_000} s`);
    await withTimeout(tracker.status(), STORE_TIMEOUT_MS, late);
    return { answered: true };
  } catch (error) {
    return { answered: false, reason: errorMessage(error) };
  }
}
