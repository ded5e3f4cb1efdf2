import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isUpToDate } from '../../scripts/accuracy.ts';
import { hasRecordings, NO_RECORDINGS } from './recordings.ts';

it('docs/accuracy.md says what the recordings say', { skip: hasRecordings ? false : NO_RECORDINGS }, () => {
  assert.ok(isUpToDate(), 'run: node scripts/accuracy.ts');
});
