import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Window, windowOf } from '../../src/budget/index.ts';

type Per = Window['per'];

/** The window that a moment lies in, as texts of UTC. */
function spanOf(per: Per, timeZone: string, now: string): [string, string] {
  const { start, end } = windowOf({ per, timeZone }, Date.parse(now));
  return [utc(start), utc(end)];
}

function utc(moment: number): string {
  return new Date(moment).toISOString().replace(':00.000Z', 'Z');
}

/** Goes from window to window; each has to hold the moment that it is asked for, and begin where the last one ended. */
function assertTiles(window: Window, from: number, until: number): number {
  let count = 0;
  let last: number | undefined;
  for (let now = from; now < until; count += 1) {
    const { start, end } = windowOf(window, now);
    const text = `${window.per} of ${window.timeZone}: ${utc(now)} in ${utc(start)} to ${utc(end)}`;
    assert.ok(start <= now && now < end, text);
    if (last !== undefined) assert.equal(start, last, text);
    last = end;
    now = end;
  }
  return count;
}

describe('a window', () => {
  const cases: readonly (readonly [Per, string, string, string, string])[] = [
    ['hour', 'UTC', '2026-01-01T00:00Z', '2026-01-01T00:00Z', '2026-01-01T01:00Z'],
    ['hour', 'UTC', '2025-12-31T23:59:59.999Z', '2025-12-31T23:00Z', '2026-01-01T00:00Z'],
    ['day', 'UTC', '2026-02-28T12:00Z', '2026-02-28T00:00Z', '2026-03-01T00:00Z'],
    ['day', 'UTC', '2024-02-29T23:59Z', '2024-02-29T00:00Z', '2024-03-01T00:00Z'],
    ['month', 'UTC', '2024-02-29T12:00Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z'],
    ['month', 'UTC', '2026-02-01T00:00Z', '2026-02-01T00:00Z', '2026-03-01T00:00Z'],
    ['month', 'UTC', '2025-12-31T23:59Z', '2025-12-01T00:00Z', '2026-01-01T00:00Z'],
    ['month', 'UTC', '2026-01-31T00:00Z', '2026-01-01T00:00Z', '2026-02-01T00:00Z'],
    // Berlin: an hour is left out on 29 March 2026, and one comes twice on 25 October 2026.
    ['day', 'Europe/Berlin', '2026-03-29T12:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z'],
    ['day', 'Europe/Berlin', '2026-03-28T22:59Z', '2026-03-27T23:00Z', '2026-03-28T23:00Z'],
    ['day', 'Europe/Berlin', '2026-10-25T12:00Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
    ['month', 'Europe/Berlin', '2026-03-31T21:59Z', '2026-02-28T23:00Z', '2026-03-31T22:00Z'],
    ['month', 'Europe/Berlin', '2026-10-01T00:00Z', '2026-09-30T22:00Z', '2026-10-31T23:00Z'],
    ['hour', 'Europe/Berlin', '2026-03-29T00:59Z', '2026-03-29T00:00Z', '2026-03-29T01:00Z'],
    ['hour', 'Europe/Berlin', '2026-10-25T01:30Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z'],
    ['hour', 'Asia/Kolkata', '2026-06-01T10:15Z', '2026-06-01T09:30Z', '2026-06-01T10:30Z'],
    ['day', 'Asia/Kolkata', '2026-06-01T18:29Z', '2026-05-31T18:30Z', '2026-06-01T18:30Z'],
    ['month', 'Asia/Kolkata', '2026-05-31T18:30Z', '2026-05-31T18:30Z', '2026-06-30T18:30Z'],
    ['hour', 'America/St_Johns', '2026-07-01T00:00Z', '2026-06-30T23:30Z', '2026-07-01T00:30Z'],
    ['day', 'America/St_Johns', '2026-03-08T12:00Z', '2026-03-08T03:30Z', '2026-03-09T02:30Z'],
    ['day', 'America/St_Johns', '2026-11-01T12:00Z', '2026-11-01T02:30Z', '2026-11-02T03:30Z'],
    ['day', 'Australia/Lord_Howe', '2026-04-05T00:00Z', '2026-04-04T13:00Z', '2026-04-05T13:30Z'],
    ['day', 'Australia/Lord_Howe', '2026-10-04T00:00Z', '2026-10-03T13:30Z', '2026-10-04T13:00Z'],
    ['month', 'Australia/Lord_Howe', '2026-04-30T13:29Z', '2026-03-31T13:00Z', '2026-04-30T13:30Z'],
  ];
  for (const [per, zone, now, start, end] of cases) {
    it(`of the ${per} of ${zone} at ${now} is from ${start} to ${end}`, () => {
      assert.deepEqual(spanOf(per, zone, now), [start, end]);
    });
  }

  it('is all of time if there is none', () => {
    assert.deepEqual(windowOf(undefined, 5), { start: 0, end: Number.POSITIVE_INFINITY });
  });

  it('is the same whatever was looked up before', () => {
    const window = { per: 'day', timeZone: 'UTC' } as const;
    const day = Date.UTC(2026, 5, 1);
    const first = windowOf(window, day + 5);
    windowOf(window, day + 86_400_000);
    windowOf({ ...window, per: 'hour' }, day);
    windowOf({ ...window, timeZone: 'Asia/Kolkata' }, day);
    assert.deepEqual(windowOf(window, day), first);
    assert.deepEqual(windowOf(window, day - 1), { start: day - 86_400_000, end: day });
  });
});

const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe'] as const;
const PERS = ['hour', 'day', 'month'] as const;

describe('windows', () => {
  for (const timeZone of ZONES) {
    for (const [per, least] of [
      ['hour', 17_543],
      ['day', 730],
      ['month', 24],
    ] as const) {
      it(`of each ${per} of ${timeZone} have no gap and no overlap in 2024 and 2025`, {}, () => {
        const count = assertTiles({ per, timeZone }, Date.UTC(2024, 0, 1), Date.UTC(2026, 0, 1));
        assert.ok(count >= least && count <= least + 3, `${count}`);
      });
    }
  }

  // Where clocks go from 0:00 to 1:00 a day begins with its second hour.
  for (const timeZone of ['America/Santiago', 'America/Havana', 'Atlantic/Azores', 'Africa/Cairo']) {
    it(`of each day of ${timeZone}, whose clocks change at midnight, contain their moments`, () => {
      assertTiles({ per: 'day', timeZone }, Date.UTC(2024, 0, 1), Date.UTC(2026, 0, 1));
    });
  }

  it('contain the moment that is looked up, to their last millisecond', () => {
    const moment = fc.integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2090, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...PERS), fc.constantFrom(...ZONES), moment, (per, timeZone, now) => {
        const { start, end } = windowOf({ per, timeZone }, now);
        assert.ok(start <= now && now < end);
        assert.deepEqual(windowOf({ per, timeZone }, end - 1), { start, end });
        const most = { hour: 1, day: 25, month: 31 * 24 + 1 }[per] * 3_600_000;
        assert.ok(end - start > 0 && end - start <= most, `${(end - start) / 3_600_000} hours`);
      }),
      { numRuns: 2_000 },
    );
  });
});
