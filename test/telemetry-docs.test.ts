import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { entriesOf, PAGE, SOURCE, withTables } from '../scripts/telemetry-docs.ts';
import * as semconv from '../src/telemetry/names/semconv.ts';

describe('the names of telemetry', () => {
  const entries = entriesOf(readFileSync(SOURCE, 'utf8'));

  it('are in the documentation as the source says: npm run docs', () => {
    const page = readFileSync(PAGE, 'utf8');
    assert.equal(page, withTables(page, entries));
  });

  it('are all there, by their own value', () => {
    const read = Object.fromEntries(entries.map(({ constant, name }) => [constant, name]));
    assert.deepEqual(read, { ...semconv });
  });

  it('say what they mean, and attributes show an example', () => {
    for (const { constant, meaning, tags } of entries) {
      assert.match(meaning, /\.$/, constant);
      if (constant.startsWith('ATTR_')) assert.ok(tags['example'], constant);
      if (constant.startsWith('EVENT_'))
        assert.match(tags['severity'] ?? '', /^(DEBUG|INFO|WARN|ERROR)$/, constant);
      if (constant.startsWith('METRIC_'))
        assert.match(tags['kind'] ?? '', /^(counter|gauge|histogram)$/, constant);
    }
  });

  it('refuse a name without a comment, one outside of a table, and a page without a place', () => {
    assert.throws(() => entriesOf("// # events\nexport const EVENT_X = 'x.y';\n"), /EVENT_X/);
    assert.throws(() => entriesOf("/** What. */\nexport const EVENT_X = 'x.y';\n"), /EVENT_X/);
    assert.throws(() => withTables('# Empty\n', entries), /no place for the table request/);
  });

  it('keep a bar in a cell from ending it', () => {
    const [entry] = entriesOf(
      "// # events\n/** One | two. @severity INFO */\nexport const EVENT_X = 'x.y';\n",
    );
    assert.ok(entry);
    const page = readFileSync(PAGE, 'utf8');
    assert.match(withTables(page, [entry]), /^\| `x\.y` \| INFO \| One \\\| two\. \| {2}\|$/m);
  });
});
