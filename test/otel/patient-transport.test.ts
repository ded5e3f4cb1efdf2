import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { makePatient, PatientTransport } from '../../src/telemetry/export/retrying-transport.ts';

type Outcome = Awaited<ReturnType<PatientTransport['send']>>;

/** A transport that ends as told, then well. */
function transportOf(...outcomes: Outcome[]) {
  const send = mock.fn(async (): Promise<Outcome> => outcomes.shift() ?? { status: 'success' });
  return { send, shutdown: mock.fn() };
}

const DATA = new Uint8Array();
const LATER: Outcome = { status: 'retryable', retryInMillis: 1 };

describe('a patient transport', () => {
  it('sends again until it is taken', async () => {
    const inner = transportOf(LATER);
    const transport = new PatientTransport(inner, 60_000);
    assert.equal((await transport.send(DATA, 1_000)).status, 'success');
    assert.equal(inner.send.mock.callCount(), 2);
  });

  it('does not send again what was refused for good', async () => {
    const inner = transportOf({ status: 'failure' });
    assert.equal((await new PatientTransport(inner, 60_000).send(DATA, 1_000)).status, 'failure');
    assert.equal(inner.send.mock.callCount(), 1);
  });

  it('gives up where the next attempt would be too late, or later than the receiver asks for', async () => {
    for (const [patienceMs, retryInMillis] of [
      [100, 0],
      [10_000, 60_000],
    ] as const) {
      const inner = transportOf({ status: 'retryable', retryInMillis });
      assert.equal((await new PatientTransport(inner, patienceMs).send(DATA, 1_000)).status, 'retryable');
      assert.equal(inner.send.mock.callCount(), 1);
    }
  });

  it('tries at once when it is woken', async () => {
    const inner = transportOf({ status: 'retryable', retryInMillis: 50_000 });
    const transport = new PatientTransport(inner, 60_000);
    const sent = transport.send(DATA, 1_000);
    // It pauses once the first attempt has failed, some ticks from here.
    const waking = setInterval(() => transport.wake(), 5);
    assert.equal((await sent).status, 'success');
    clearInterval(waking);
    assert.equal(inner.send.mock.callCount(), 2);
  });

  it('takes the place of the retrying transport of an exporter, and leaves others alone', () => {
    const inner = transportOf();
    const exporter = { _delegate: { _transport: { _transport: inner } } };
    assert.ok(makePatient(exporter, 1) instanceof PatientTransport);
    assert.ok((exporter._delegate._transport as unknown) instanceof PatientTransport);
    for (const other of [{}, { _delegate: {} }, { _delegate: { _transport: {} } }])
      assert.equal(makePatient(other, 1), undefined);
  });

  it('is what the exporters of the installed release can be given', async () => {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    assert.ok(makePatient(new OTLPTraceExporter(), 1) instanceof PatientTransport);
  });
});
