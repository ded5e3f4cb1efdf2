import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { dashboardFiles } from '../../dashboards/generate.ts';
import { readDashboards, shown } from '../support/dashboards.ts';
import { REPO_ROOT } from '../support/paths.ts';

const SOURCES = join(REPO_ROOT, 'pipeline/grafana/provisioning/datasources/datasources.yml');
const { datasources } = parse(readFileSync(SOURCES, 'utf8')) as {
  datasources: readonly { uid: string; type: string }[];
};
const types = new Map(datasources.map(({ uid, type }) => [uid, type]));

describe('the dashboards', () => {
  const files = readDashboards();

  it('are what the code makes: npm run dashboards', () => {
    const made = dashboardFiles();
    assert.deepEqual(files.map(({ file }) => file).sort(), Object.keys(made).sort());
    for (const [file, content] of Object.entries(made)) {
      const path = join(REPO_ROOT, 'pipeline/grafana/dashboards', file);
      assert.ok(readFileSync(path, 'utf8') === content, `${file} differs from what dashboards/ makes`);
    }
  });

  for (const { file, dashboard } of files) {
    it(`${file}: ask data sources that are provisioned`, () => {
      const asked = [
        ...shown(dashboard).flatMap(({ targets = [] }) => targets),
        ...(dashboard.annotations.list ?? []).map(({ target }) => target),
        ...dashboard.templating.list,
      ];
      for (const { datasource } of asked) assert.equal(types.get(datasource.uid), datasource.type);
    });

    it(`${file}: say in every panel what it shows, in which unit, and lead to the traces`, () => {
      for (const { type, title, description, targets = [], fieldConfig } of shown(dashboard)) {
        assert.ok(title && description && targets.length > 0, title);
        const { unit, links = [], thresholds } = fieldConfig?.defaults ?? {};
        assert.ok(unit, title);
        assert.ok((thresholds?.steps.length ?? 0) > 0, title);
        assert.equal(links.length, 1, title);
        const { service, tags } = searchOf(links[0]?.url ?? '');
        assert.match(service, /^\$\{__(field\.labels\.|data\.fields\[)/, title);
        const grouped = targets.map(({ expr }) => expr).join(' ');
        // A series has the labels that its link is filled in from.
        if (type === 'timeseries')
          for (const [, label] of `${service} ${tags}`.matchAll(/\$\{__field\.labels\.(\w+)\}/g))
            assert.match(grouped, new RegExp(`by \\([^)]*\\b${label}\\b`), title);
      }
    });

    it(`${file}: have panels that do not lie on one another`, () => {
      const places = dashboard.panels.map(({ gridPos }) => gridPos);
      for (const [index, one] of places.entries()) {
        assert.ok(one.x + one.w <= 24);
        for (const other of places.slice(index + 1)) {
          const apart =
            one.x + one.w <= other.x ||
            other.x + other.w <= one.x ||
            one.y + one.h <= other.y ||
            other.y + other.h <= one.y;
          assert.ok(apart, JSON.stringify([one, other]));
        }
      }
    });
  }
});

/** The search that a link opens in Explore. */
function searchOf(url: string): { service: string; tags: string } {
  const panes = url.slice(url.indexOf('panes=') + 'panes='.length);
  // A cell's name stands in quotes, which Grafana takes out before it reads the JSON.
  const json = decodeURIComponent(panes).replace(/\["([^"]*)"\]/g, '[$1]');
  const { traces } = JSON.parse(json) as { traces: { queries: [{ service: string; tags: string }] } };
  return traces.queries[0];
}
