import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { REPO_ROOT } from './support/paths.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Form {
  readonly name: string;
  readonly body: readonly { readonly id?: string; readonly type: string }[];
}

const WORKFLOWS = '.github/workflows';
const FORMS = '.github/ISSUE_TEMPLATE';

const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  devDependencies: Record<string, string>;
  scripts: Record<string, string>;
};

describe('CI', () => {
  it('runs on every major release of Node that the package supports', () => {
    const { jobs } = yaml(`${WORKFLOWS}/ci.yml`) as Workflow;
    const tested = Object.values(jobs).flatMap(({ strategy }) => strategy?.matrix.node ?? []);
    assert.deepEqual(tested, manifest.engines.node.split('||').map(majorOf));
  });

  it('has npm run on the release line that npm scripts use', () => {
    const nvmrc = majorOf(read('.nvmrc'));
    assert.equal(nvmrc, majorOf(manifest.devDependencies['node'] ?? ''));
  });
});

for (const file of readdirSync(join(REPO_ROOT, WORKFLOWS))) {
  describe(`the workflow ${file}`, () => {
    const path = `${WORKFLOWS}/${file}`;
    const { jobs, permissions } = yaml(path) as Workflow;
    const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

    it('may read the repository and nothing else, unless a job says so', () => {
      assert.deepEqual(permissions, { contents: 'read' });
    });

    it('pins actions of others to a commit, and names its version', () => {
      const lines = read(path).match(/uses: (?!\.\/).*/g) ?? [];
      assert.ok(lines.length > 0);
      for (const line of lines) assert.match(line, /^uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it('runs npm scripts and files that exist', () => {
      for (const { uses } of Object.values(jobs))
        if (uses !== undefined) assert.ok(existsSync(join(REPO_ROOT, uses)), uses);
      for (const { run = '' } of steps) {
        for (const [, name = ''] of run.matchAll(/npm run ([\w:]+)/g))
          assert.ok(manifest.scripts[name], name);
        for (const [script] of run.matchAll(/^(\.ci|scripts)\/[\w./-]+/gm))
          assert.ok(existsSync(join(REPO_ROOT, script)), script);
      }
    });
  });
}

for (const file of readdirSync(join(REPO_ROOT, FORMS)).filter((name) => name !== 'config.yml')) {
  it(`the issue form ${file} asks under names of its own`, () => {
    const { name, body } = yaml(`${FORMS}/${file}`) as Form;
    assert.ok(name.length > 0);
    const asked = body.filter(({ type }) => type !== 'markdown').map(({ id }) => id);
    assert.ok(asked.length > 0 && !asked.includes(undefined));
    assert.equal(new Set(asked).size, asked.length);
  });
}

function read(path: string): string {
  return readFileSync(join(REPO_ROOT, path), 'utf8');
}

function yaml(path: string): unknown {
  return parse(read(path));
}

/** The first number of a version or of a range. */
function majorOf(version: string): number {
  return Number(/\d+/.exec(version)?.[0]);
}
