import type { ExportReport, ProbeReport, ProcessReport } from '../../process/index.ts';
import { type Finding, foundFailure, foundOk, foundSkipped, foundWarning } from './finding.ts';
import { PROBE_TOKENS } from './probe-server.ts';

const OWN_SDK = "this package's SDK";

/** Reports what became of the probe call of a process, and of its span. */
export function judgeProbe(report: ProcessReport): readonly Finding[] {
  const { probe, copies, provider } = report;
  if (probe !== undefined) {
    const isOurs = provider?.registeredBy === 'this package';
    return [judgeCharge(probe), ...judgeSpan(probe, isOurs ? OWN_SDK : (provider?.className ?? ''))];
  }
  if (!copies.some(({ whyNotPatched }) => whyNotPatched === undefined)) return [];
  const fix =
    'run a command that does not call process.exit() at once; the Hooks lines above say what a program would get';
  return [foundWarning('Probe', 'the program ended before a probe call was answered', fix)];
}

function judgeCharge({ version, chargedTokens, error }: ProbeReport): Finding {
  const check = 'Probe';
  if (chargedTokens === PROBE_TOKENS)
    return foundOk(check, `a call of openai ${version} in the program was charged: ${chargedTokens} tokens`);
  const reason = error ?? `${chargedTokens} tokens were charged, expected ${PROBE_TOKENS}`;
  const fix = 'look for code that replaces fetch or methods of openai, or for another loader in NODE_OPTIONS';
  return foundFailure(check, `a call of openai ${version} in the program was not charged: ${reason}`, fix);
}

/** @param by what recorded the span */
function judgeSpan(probe: ProbeReport, by: string): readonly Finding[] {
  const check = 'Span';
  switch (probe.span) {
    case 'none':
      return [];
    case 'not recorded':
      return [foundSkipped(check, 'the call has no recording span: nothing records or samples it')];
    case 'not sampled':
      return [foundSkipped(check, `the span was recorded by ${by} and not sampled, so it is not exported`)];
    case 'recorded':
      return [judgeExport(probe.export, by)];
  }
}

function judgeExport(exported: ExportReport | undefined, by: string): Finding {
  const check = 'Span';
  const recorded = `the span of the call was recorded by ${by}`;
  if (exported?.state === 'accepted') {
    const what = by === OWN_SDK ? 'accepted by the receiver' : 'flushed without an error';
    return foundOk(check, `${recorded}, and ${what}`);
  }
  if (exported?.state === 'unknown')
    return foundSkipped(check, `${recorded}; whether it was exported is not known: ${exported.reason ?? ''}`);
  const reason = exported?.reason ?? 'the program ended before that';
  const fix = 'check the exporter of the provider, and its endpoint; the budget is enforced either way';
  return foundWarning(check, `${recorded}, and its export is not confirmed: ${reason}`, fix);
}
